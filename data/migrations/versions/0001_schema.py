"""The queue, the rollups, the exact views, and what people set."""

from alembic import op

from data.sql_files import sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("schema.sql").decode())
