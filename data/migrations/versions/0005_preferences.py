"""What each person has chosen of how pages look and how often they ask."""

from alembic import op

from data.sql_files import sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(sql_file("preferences.sql").decode())
