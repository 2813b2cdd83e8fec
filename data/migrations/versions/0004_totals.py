"""Sums of all models, and those of all accounts in tables of their own; the history is counted anew."""

from alembic import op

from data.sql_files import sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("totals.sql").decode())
