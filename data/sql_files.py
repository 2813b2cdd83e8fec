"""The SQL that is kept in files: schema, views and functions, in data/sql."""

from importlib import resources


def sql_file(name: str) -> bytes:
    return resources.files("data").joinpath("sql", name).read_bytes()
