from __future__ import annotations

from uuid import UUID

import pytest

from callbacks.scopes import check_scope, default_scope, scope_in
from data.errors import NotFoundError
from data.viewer import Viewer

OWN, OTHER = UUID(int=5), UUID(int=6)
STAFF, PERSON, NOBODY = Viewer("s", staff=True), Viewer("p", accounts=frozenset({OWN})), Viewer("n")


def test_the_address_names_the_scope() -> None:
    assert scope_in("?scope=all") == "all"
    assert scope_in(f"?q=1&scope={OWN}") == str(OWN)
    assert scope_in("") is None


def test_an_address_that_names_no_id_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        scope_in("?scope=everyone")


def test_without_a_name_staff_see_all_and_others_their_own() -> None:
    assert default_scope(STAFF) == "all"
    assert default_scope(PERSON) == str(OWN)
    assert default_scope(NOBODY) is None


def test_a_scope_of_others_is_not_found() -> None:
    check_scope(STAFF, f"?scope={OTHER}")
    check_scope(PERSON, f"?scope={OWN}")
    for search in (f"?scope={OTHER}", "?scope=all"):
        with pytest.raises(NotFoundError):
            check_scope(PERSON, search)
