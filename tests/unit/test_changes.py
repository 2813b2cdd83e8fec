"""Announcements of folds, and how they merge."""

from __future__ import annotations

import pytest

from live.changes import Announcement, Changes


def test_an_announcement_is_read_as_the_fold_sends_it() -> None:
    heard = Announcement.parse('{"version": 7, "part": 2, "parts": 2, "threads": ["a"], "accounts": ["b"]}')
    assert heard == Announcement(2, Changes(7, frozenset("a"), frozenset("b")))


def test_an_announcement_of_everything_names_no_ids() -> None:
    heard = Announcement.parse('{"version": 7, "part": 1, "parts": 1, "all": true}')
    assert heard.changes == Changes(7, everything=True)


@pytest.mark.parametrize("payload", ["", "{", "[]", "3", '{"version": 1}', '{"version": "x", "part": 1}'])
def test_anything_else_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Announcement.parse(payload)


def test_merged_changes_keep_every_id_and_the_later_version() -> None:
    merged = Changes(1, frozenset("a"), frozenset("x")).merged(Changes(2, frozenset("b")))
    assert merged == Changes(2, frozenset("ab"), frozenset("x"))
    assert merged.merged(Changes(0, everything=True)).everything


def test_a_message_is_encoded_once() -> None:
    changes = Changes(1, frozenset("a"))
    assert changes.message is changes.message
