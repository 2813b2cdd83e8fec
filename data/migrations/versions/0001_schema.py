"""The queue, the rollups, the exact views, and what people set."""

from importlib import resources

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    script = resources.files("data").joinpath("sql", "schema.sql").read_text()
    op.get_bind().exec_driver_sql(script)
