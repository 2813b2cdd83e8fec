"""Log lines: what a record becomes, for people and for machines, and that no secret gets into either."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from logs import JsonFormatter, PlainFormatter, Redaction, secrets_of
from settings import Settings, SettingsError, read_settings

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
REDACT = Redaction(["hush-hush", None, ""])


def record(message: str, *arguments: object, error: Exception | None = None, **extra: str) -> logging.LogRecord:
    found = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("data.leader", logging.WARNING, "leader.py", 1, message, arguments, found)
    made.__dict__.update(extra)
    return made


def test_a_json_record_has_every_field_on_one_line() -> None:
    line = JsonFormatter(REDACT).format(record('lost "%s"\n\x1b[31m', "it", action="leader.lost"))
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == 'lost "it"\n\x1b[31m'
    assert (found["level"], found["logger"], found["action"]) == ("WARNING", "data.leader", "leader.lost")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found["time"])
    assert found["process"] > 0
    assert "error" not in found


def test_a_record_of_others_has_an_action_too() -> None:
    assert json.loads(JsonFormatter(REDACT).format(record("x")))["action"] == "other"


def test_a_traceback_is_one_field() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        found = json.loads(JsonFormatter(REDACT).format(record("x", error=error)))
    assert found["error"].startswith("Traceback")
    assert found["error"].endswith("ValueError: broken")


def test_a_plain_record_is_one_line_that_no_terminal_obeys() -> None:
    line = PlainFormatter(REDACT).format(record("lost %s", "a\nb\x1b[31m", action="leader.lost"))
    assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING lost a�b�\[31m", line)


@pytest.mark.parametrize(
    "text",
    [
        "could not open postgresql://u:hush@host/db",
        "redis://:hush@host:1",
        "connection failed: password=hush host=x",
        "Authorization: Bearer hush",
        "password = 'hush'",
        "said hush-hush",
    ],
)
@pytest.mark.parametrize("formatter", [PlainFormatter(REDACT), JsonFormatter(REDACT)])
def test_secrets_are_left_out(formatter: logging.Formatter, text: str) -> None:
    for made in (record(text), record("%s", text), record("x", error=RuntimeError(text))):
        line = formatter.format(made)
        assert "hush" not in line
        assert "***" in line


@pytest.mark.parametrize("text", ["12 tokens", "http://127.0.0.1:8050", "a token of nav:all", "user@example.org"])
def test_other_words_stay(text: str) -> None:
    assert REDACT(text) == text


def test_the_secrets_of_the_settings_are_known() -> None:
    settings = Settings(database_url="postgresql://u:p%40ssword1@h/d", metrics_token="t" * 20, secret_key="k" * 20)
    said = Redaction(secrets_of(settings))(f"p@ssword1 p%40ssword1 {'t' * 20} {'k' * 20}")
    assert said == "*** *** *** ***"


def test_a_format_that_is_none_is_refused() -> None:
    assert read_settings({"CREDITPULSE_LOG_FORMAT": "json"}).log_format == "json"
    with pytest.raises(SettingsError, match="plain, json"):
        read_settings({"CREDITPULSE_LOG_FORMAT": "xml"})


@pytest.mark.parametrize("token", ["short", "x" * 15, "with a space in it", "ü" * 20, "x" * 20 + "\x01"])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(SettingsError, match="16 or more") as error:
        read_settings({"CREDITPULSE_METRICS_TOKEN": token})
    assert token not in str(error.value)


def sources() -> Iterator[Path]:
    yield from ROOT.glob("*.py")
    for folder in ("access", "api", "callbacks", "data", "live"):
        yield from (ROOT / folder).glob("*.py")


def calls_of_loggers(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "logger":
                yield node


def action_of(call: ast.Call, constants: dict[str, ast.expr]) -> str:
    """The action of a logger's call, empty where it has none."""
    extra = next((keyword.value for keyword in call.keywords if keyword.arg == "extra"), None)
    if isinstance(extra, ast.Name):
        extra = constants.get(extra.id)
    return str(ast.literal_eval(extra)["action"]) if extra is not None else ""


def actions() -> set[tuple[str, str]]:
    """Where each record is made, and its action."""
    found = set()
    for path in sources():
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        found |= {(f"{path.name}:{call.lineno}", action_of(call, constants)) for call in calls_of_loggers(tree)}
    return found


def test_every_record_of_ours_has_an_action_and_the_manual_lists_exactly_those() -> None:
    made = actions()
    assert not [where for where, action in made if not re.fullmatch(r"[a-z]+\.[a-z_]+", action)]
    section = (ROOT / "docs" / "operations.md").read_text().partition("## Logs")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", section, re.MULTILINE))
    assert listed == {action for _where, action in made}
