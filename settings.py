"""Everything an operator can set, read once from the environment (or `.env`) into one frozen object."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

PREFIX = "CREDITPULSE_"
AUTH_MODES = ("local", "header", "oidc")
MOST_CREDITS_PER_DOLLAR = 10**9
LOG_FORMATS = ("plain", "json")
LEAST_TOKEN_LETTERS = 16


class SettingsError(ValueError):
    """A setting that cannot be used; its text names the setting and the remedy."""


@dataclass(frozen=True)
class Settings:
    """One run's settings; each field is the environment variable `CREDITPULSE_<FIELD>`.

    `database_url` None means the embedded database, `listen_url` None the database URL,
    `cache_url` None a cache in memory, `public_url` None what each request says, `secret_key` None one made once in
    `state_dir`.
    """

    database_url: str | None = None
    listen_url: str | None = None
    replica_url: str | None = None
    cache_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8050
    state_dir: Path = Path(".creditpulse")
    auth: str = "local"
    auth_header: str = "X-Forwarded-Email"
    trusted_proxies: frozenset[str] = frozenset({"127.0.0.1"})
    public_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    session_hours: int = 12
    staff: frozenset[str] = frozenset()
    users_table: str | None = None
    credits_per_dollar: Decimal = Decimal(100)
    fold_interval_ms: int = 10
    drain_seconds: int = 0
    log_format: str = "plain"
    metrics_token: str | None = None
    secret_key: str | None = None

    def __repr__(self) -> str:
        """Without URLs and secrets, so that a logged settings object tells nothing."""
        return f"Settings(host={self.host!r}, port={self.port}, auth={self.auth!r})"


def read_settings(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Settings from the environment, which wins over `.env`.

    Raises SettingsError for an unknown name, a value that cannot be used, or modes that contradict.
    """
    if environ is None:
        environ = {**{k: v or "" for k, v in dotenv_values(dotenv).items()}, **os.environ}
    given = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    known = {PREFIX + field.name.upper(): field.name for field in fields(Settings)}
    values: dict[str, object] = {}
    for name, text in given.items():
        if name in OTHER_NAMES:
            continue
        if name not in known:
            raise SettingsError(unknown_name(name, known))
        if text:
            field = known[name]
            values[field] = PARSERS[field](name, text) if field in PARSERS else text
    return Settings(**values)  # type: ignore[arg-type]


# Read by `make` and the tests, not by the app.
OTHER_NAMES = frozenset({"CREDITPULSE_TRACE_DIR"})


def unknown_name(name: str, known: Mapping[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else "known names: " + ", ".join(sorted(known))
    return f"{name} is not a setting of Creditpulse; {hint}"


def parse_port(name: str, text: str) -> int:
    value = parse_integer(name, text)
    if not 0 <= value <= 65535:
        raise SettingsError(f"{name} is {text!r}; set it to a port from 0 to 65535")
    return value


def parse_interval(name: str, text: str) -> int:
    value = parse_integer(name, text)
    if not 1 <= value <= 10_000:
        raise SettingsError(f"{name} is {text!r}; set it to 1 to 10000 milliseconds")
    return value


def parse_drain(name: str, text: str) -> int:
    value = parse_integer(name, text)
    if not 0 <= value <= 300:
        raise SettingsError(f"{name} is {text!r}; set it to 0 to 300 seconds")
    return value


def parse_integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; set it to a whole number") from None


def parse_rate(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 0 < value <= MOST_CREDITS_PER_DOLLAR:
        raise SettingsError(f"{name} is {text!r}; set it to a number above 0, such as 100")
    return value


def parse_auth(name: str, text: str) -> str:
    if text not in AUTH_MODES:
        raise SettingsError(f"{name} is {text!r}; set it to one of {', '.join(AUTH_MODES)}")
    return text


def parse_log_format(name: str, text: str) -> str:
    if text not in LOG_FORMATS:
        raise SettingsError(f"{name} is {text!r}; set it to one of {', '.join(LOG_FORMATS)}")
    return text


def parse_token(name: str, text: str) -> str:
    """What can be sent in a header, and not guessed; the error does not repeat it."""
    if len(text) < LEAST_TOKEN_LETTERS or not (text.isascii() and text.isprintable()) or " " in text:
        raise SettingsError(f"{name} must be {LEAST_TOKEN_LETTERS} or more letters, digits and signs without spaces")
    return text


def parse_database_url(name: str, text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        raise SettingsError(f"{name} must look like postgresql://user@host:5432/database")
    return text


def parse_cache_url(name: str, text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(f"{name} must look like redis://host:6379/0")
    try:
        urlsplit(text).port  # noqa: B018 that it can be read is all we ask
    except ValueError:
        raise SettingsError(f"{name} must look like redis://host:6379/0") from None
    return text


def parse_public_url(name: str, text: str) -> str:
    """Its origin, as browsers write it."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(f"{name} must look like https://credits.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def parse_issuer(name: str, text: str) -> str:
    """Anybody on the way could otherwise say who signs in."""
    try:
        parts = urlsplit(text)
        known = parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(f"{name} must look like https://accounts.example.com")
    return text


def parse_hours(name: str, text: str) -> int:
    value = parse_integer(name, text)
    if not 1 <= value <= 24 * 90:
        raise SettingsError(f"{name} is {text!r}; set it to 1 to 2160 hours")
    return value


def parse_names(_name: str, text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def parse_staff(name: str, text: str) -> frozenset[str]:
    entries = parse_names(name, text)
    for entry in entries:
        if "@" not in entry:
            raise SettingsError(f"{name} has {entry!r}; list e-mail addresses and @domains, separated by commas")
    return entries


def parse_proxies(name: str, text: str) -> frozenset[str]:
    addresses = parse_names(name, text)
    for address in addresses:
        try:
            ip_address(address)
        except ValueError:
            raise SettingsError(f"{name} has {address!r}; list IP addresses, separated by commas") from None
    return addresses


def parse_table(name: str, text: str) -> str:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.replace("_", "a").isalnum() for part in parts):
        raise SettingsError(f"{name} is {text!r}; set it to schema.table, such as public.users")
    return text


PARSERS: Mapping[str, Callable[[str, str], object]] = {
    "database_url": parse_database_url,
    "listen_url": parse_database_url,
    "replica_url": parse_database_url,
    "cache_url": parse_cache_url,
    "port": parse_port,
    "state_dir": lambda _name, text: Path(text),
    "auth": parse_auth,
    "trusted_proxies": parse_proxies,
    "public_url": parse_public_url,
    "oidc_issuer": parse_issuer,
    "session_hours": parse_hours,
    "staff": parse_staff,
    "users_table": parse_table,
    "credits_per_dollar": parse_rate,
    "fold_interval_ms": parse_interval,
    "drain_seconds": parse_drain,
    "log_format": parse_log_format,
    "metrics_token": parse_token,
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
