"""The steps that the list of threads is sorted by; the history is counted anew."""

from alembic import op

from data.sql_files import sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("sorting.sql").decode())
