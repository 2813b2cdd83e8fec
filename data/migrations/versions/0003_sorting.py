"""The steps that the list of threads is sorted by; the history is counted anew."""

from importlib import resources

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    script = resources.files("data").joinpath("sql", "sorting.sql").read_text()
    op.get_bind().exec_driver_sql(script)
