"""Hours, threads by hour, accounts, and what lists are walked by; the history is counted anew."""

from importlib import resources

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    script = resources.files("data").joinpath("sql", "analytics.sql").read_text()
    op.get_bind().exec_driver_sql(script)
