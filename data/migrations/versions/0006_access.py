"""Sessions of people who have signed in, and the audit of who looked at what."""

from alembic import op

from data.sql_files import sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("access.sql").decode())
