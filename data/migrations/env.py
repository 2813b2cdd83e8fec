"""Alembic's entry: runs the revisions on the connection that data/migrate.py hands over."""

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
connection.execute(text("CREATE SCHEMA IF NOT EXISTS creditpulse"))
context.configure(connection=connection, version_table_schema="creditpulse", transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
