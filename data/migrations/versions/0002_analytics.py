"""Hours, threads by hour, accounts, and what lists are walked by; the history is counted anew."""

from alembic import op

from data.sql_files import sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("analytics.sql").decode())
