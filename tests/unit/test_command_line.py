"""What the command line answers to mistakes: one line, a status, and no password."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import main, parser
from settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@127.0.0.1:abc/db",
        "postgresql://u:s3cret@127.0.0.1:1/db?foo=bar",
        "postgresql://u:s3%zzcret@127.0.0.1:1/db",
        "postgresql://u:s3cret@127.0.0.1:1/db",
        "postgresql://u:s3c[ret@127.0.0.1:1/db",
    ],
)
@pytest.mark.parametrize("command", [["migrate"], ["doctor"], ["serve", "--port", "0"], ["plans", "file.csv"]])
def test_a_database_that_cannot_be_reached_is_said_in_one_line_without_its_password(
    url: str, command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREDITPULSE_DATABASE_URL", url)
    assert main(command) == 1
    output = "".join(capsys.readouterr())
    assert output.count("\n") == 1
    assert "s3" not in output
    assert output.startswith("creditpulse: ")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        *((f"serve --port {port}", "choose a whole number from 0 to 65535") for port in ("99999", "-1", "x", "²")),
        *((f"serve --workers {number}", "from 1 to 1000") for number in ("0", "-1", "1.5", "all", "9" * 5000)),
        ("run --workers 0", "from 1 to 1000"),
        ("import x.csv --map foo", "write it as column=NAME"),
        ("import x.csv --map thread=", "write it as column=NAME"),
        ("replay x.csv --map tread=x", "did you mean thread"),
        *((f"replay x.csv --speed {speed}", "a number above 0") for speed in ("0", "-1", "abc", "nan", "inf")),
        *((f"import x.csv --start {start}", "such as 2026-11-23T09:00:00Z") for start in ("yesterday", "1.5", "24:00")),
        *((f"demo --threads {threads}", "from 1 to 1000") for threads in ("-1", "0", "1001", "many")),
        *((f"demo --rate {rate}", "above 0 and up to 1000") for rate in ("nan", "0", "-1", "inf", "1e9", "fast")),
        *((f"demo --history {days}", "from 0 to 730") for days in ("-1", "731", "x")),
        ("demo --histroy 3", "unrecognized arguments"),
        ("plans", "FILE"),
        ("destroy", "choose from"),
        ("", "COMMAND"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_remedy(
    words: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert remedy in capsys.readouterr().err.splitlines()[-1]


def test_options_that_are_given_well_arrive() -> None:
    words = "import x.csv --map thread=trace_id --map model=m=1 --start 2026-11-23T09:00:00"
    parsed = parser().parse_args(words.split())
    assert dict(parsed.map) == {"thread": "trace_id", "model": "m=1"}
    assert parsed.start == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert parser().parse_args(["replay", "x.csv", "--speed", "0.5"]).speed == 0.5
    assert parser().parse_args(["serve"]).workers == 1


def test_a_port_in_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    assert "--port" in capsys.readouterr().err


def test_a_state_folder_that_cannot_be_made_is_said_with_its_remedy(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "file").touch()
    monkeypatch.setenv("CREDITPULSE_STATE_DIR", "file")
    assert main(["doctor"]) == 1
    assert "CREDITPULSE_STATE_DIR" in capsys.readouterr().err


def test_a_terminal_is_shown_nothing_that_it_would_obey(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREDITPULSE_USERS_TABLE", "\x1b[31mred\nalert")
    assert main(["doctor"]) == 1
    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CREDITPULSE_DATABSE_URL", "x"),
        ("CREDITPULSE_PORT", "abc"),
        ("CREDITPULSE_PORT", "65536"),
        ("CREDITPULSE_DATABASE_URL", "mysql://x"),
        ("CREDITPULSE_CACHE_URL", "redis://127.0.0.1:abc/0"),
        ("CREDITPULSE_CACHE_URL", "localhost:6379"),
        ("CREDITPULSE_AUTH", "none"),
        ("CREDITPULSE_STAFF", "anna@example.com, example.com"),
        ("CREDITPULSE_TRUSTED_PROXIES", "proxy.internal"),
        ("CREDITPULSE_USERS_TABLE", "users; drop table x"),
        ("CREDITPULSE_CREDITS_PER_DOLLAR", "1e999999"),
        ("CREDITPULSE_CREDITS_PER_DOLLAR", "NaN"),
        ("CREDITPULSE_FOLD_INTERVAL_MS", "0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, elsewhere: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value}, elsewhere / ".env")
