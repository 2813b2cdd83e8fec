"""What a typed or pasted text can mean."""

from __future__ import annotations

from uuid import UUID

import pytest

from data.sought import MOST_IDS, Sought, sought

ID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
ONE = UUID(ID)


@pytest.mark.parametrize("typed", [ID, ID.upper(), ONE.hex, f"urn:uuid:{ID}", f"/threads/{ID}?x=1", f"Thread {ID}"])
def test_a_whole_id_is_exactly_that(typed: str) -> None:
    wanted = sought(typed)
    assert wanted.ids == ((ONE, ONE),)
    assert wanted.exact


@pytest.mark.parametrize("typed", ["A0EEBC", "Thread a0eebc", "account a0eebc", "Project  A0EEBC"])
def test_the_start_of_an_id_is_a_range(typed: str) -> None:
    low, high = UUID("a0eebc00-0000-0000-0000-000000000000"), UUID("a0eebcff-ffff-ffff-ffff-ffffffffffff")
    assert sought(typed).ids == ((low, high),)
    assert not sought(typed).exact


@pytest.mark.parametrize("typed", ["cafe", "decade plan", "a0eeb", "feed me"])
def test_words_of_letters_that_are_digits_too_are_words(typed: str) -> None:
    assert sought(typed) == Sought(typed)


def test_ids_that_are_in_a_text_too_long_for_a_name_are_found_and_not_more_than_a_few() -> None:
    assert sought("x" * 500 + ID).exact
    assert len(sought(" ".join(str(UUID(int=n + 1)) for n in range(50))).ids) == MOST_IDS


def test_an_address_is_taken_out_of_what_stands_around_it() -> None:
    for typed in ("Ann <ann@x.org>", "mailto:ann@x.org", '"Ann" (ann@x.org)', "write to ann@x.org."):
        assert sought(typed).words == "ann@x.org"
    assert sought("@x.org").words == "@x.org"
