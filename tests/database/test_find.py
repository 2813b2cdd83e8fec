"""What one box finds: by ids in any spelling and by names, for staff and for members, with indexes and without."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine

from data import find as finding
from data.constants import UNATTRIBUTED
from data.find import MOST, Found, find
from data.name_indexes import PROJECTS, THREADS, USERS
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_thread, add_user, fold, uid

ALICE = Viewer("alice", accounts=frozenset({uid("alice")}))
ONE = uid("one")


@pytest.fixture
def world(connection: Writer) -> Writer:
    """Alice and Bob, a thread and a project of each, and a thread that has no row of its own."""
    for name, shown in (("alice", "Alice Moreau"), ("bob", "Bob Okafor")):
        add_user(connection, name, shown=shown)
        add_project(connection, f"{name}'s", f"Invoices of {name}", uid(name))
    add_thread(connection, "one", uid("alice"), title="Sort the invoices")
    add_thread(connection, "two", uid("bob"), name="Ünïcode for invoices")
    connection.execute("UPDATE threads SET project_id = %s WHERE thread_id = %s", (uid("bob's"), uid("two")))
    for thread, user in (("one", "alice"), ("two", "bob"), ("lost", "bob")):
        add_call(connection, uid(thread), uid(user))
    fold(connection)
    return connection


def add_project(writer: Writer, key: str, name: str, owner: UUID) -> None:
    writer.execute("INSERT INTO projects (project_id, name, account_id) VALUES (%s, %s, %s)", (uid(key), name, owner))


def found(engine: Engine, typed: str, viewer: Viewer = SYSTEM) -> Found:
    with engine.connect() as connection:
        return find(connection, viewer, typed)


def names(engine: Engine, typed: str, viewer: Viewer = SYSTEM) -> list[list[str]]:
    """Of threads, accounts, projects."""
    all = found(engine, typed, viewer)
    return [
        [thread.title for thread in all.threads],
        [account.label for account in all.accounts],
        [project.name for project in all.projects],
    ]


@pytest.mark.parametrize(
    "typed",
    [
        str(ONE),
        str(ONE).upper(),
        ONE.hex,
        f"{{{ONE}}}",
        f"https://agents.example.com/thread/{ONE}?tab=files#end",
        f"  {ONE},\n",
    ],
)
def test_a_pasted_id_is_found_in_any_spelling(engine: Engine, world: Writer, typed: str) -> None:
    all = found(engine, typed)
    assert [thread.thread_id for thread in all.threads] == [ONE]
    assert all.exact


def test_an_id_may_be_of_a_thread_without_a_row_an_account_or_a_project(engine: Engine, world: Writer) -> None:
    assert names(engine, str(uid("lost"))) == [[f"Thread {str(uid('lost'))[:8]}"], [], []]
    assert names(engine, str(uid("bob"))) == [[], ["Bob Okafor"], []]
    assert names(engine, str(uid("bob's"))) == [[], [], ["Invoices of bob"]]


def test_an_address_may_name_a_project_and_its_thread(engine: Engine, world: Writer) -> None:
    address = f"https://agents.example.com/projects/{uid('bob' + chr(39) + 's')}/thread/{uid('two')}"
    assert names(engine, address) == [["Ünïcode for invoices"], [], ["Invoices of bob"]]


def test_what_is_queued_is_found_by_its_id(engine: Engine, world: Writer) -> None:
    add_call(world, uid("new"), uid("stranger"))
    assert [thread.thread_id for thread in found(engine, str(uid("new"))).threads] == [uid("new")]
    assert [account.account_id for account in found(engine, str(uid("stranger"))[:9]).accounts] == [uid("stranger")]


def test_the_start_of_an_id_finds_all_that_begin_so(engine: Engine, world: Writer) -> None:
    for number in range(3):
        world.execute("INSERT INTO threads (thread_id) VALUES (%s)", (f"abcdef0{number}-0000-4000-8000-000000000000",))
    world.execute("INSERT INTO users (id, email) VALUES ('abcdef01-1111-4000-8000-000000000000', 'eve@example.com')")
    assert names(engine, "ABCDEF0") == [
        ["Thread abcdef00", "Thread abcdef01", "Thread abcdef02"],
        ["eve@example.com"],
        [],
    ]
    assert names(engine, "Thread abcdef01") == [["Thread abcdef01"], ["eve@example.com"], []]
    assert names(engine, "Account abcdef01-11") == [[], ["eve@example.com"], []]
    assert not found(engine, "abcdef0").exact


def test_an_id_that_is_nobodys_is_looked_for_as_words(engine: Engine, world: Writer) -> None:
    add_thread(world, "three", uid("bob"), title=f"About {uid('nothing')}")
    assert names(engine, str(uid("nothing"))) == [[f"About {uid('nothing')}"], [], []]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("INVOICES OF", [[], [], ["Invoices of alice", "Invoices of bob"]]),
        ("ünïcode", [["Ünïcode for invoices"], [], []]),
        ("bob@example.com", [[], ["Bob Okafor"], []]),
        ("Bob Okafor <bob@example.com>", [[], ["Bob Okafor"], []]),
        ("mailto:bob@example.com.", [[], ["Bob Okafor"], []]),
        ("moreau", [[], ["Alice Moreau"], []]),
        ("%", [[], [], []]),
        ("s", [[], [], []]),
        ("", [[], [], []]),
        ("so", [["Sort the invoices"], [], []]),
        ("'; DROP TABLE users; --", [[], [], []]),
        ("\x00\ud800", [[], [], []]),
        ("x" * 5000, [[], [], []]),
    ],
)
def test_words_are_found_in_names(engine: Engine, world: Writer, typed: str, expected: list[list[str]]) -> None:
    assert names(engine, typed) == expected


def test_what_has_no_user_is_found_where_there_is_some(engine: Engine, world: Writer) -> None:
    assert names(engine, "unattr") == [[], [], []]
    add_call(world, uid("one"), None)
    assert names(engine, "unattr") == [[], ["Unattributed"], []]
    assert names(engine, str(UNATTRIBUTED)) == [[], ["Unattributed"], []]


def test_the_thread_that_was_called_last_comes_first_also_beyond_those_looked_at_first(
    engine: Engine, connection: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MOST + 2):
        add_thread(connection, f"t{number}", None, title=f"Migration {number}")
        add_call(connection, uid(f"t{number}"), at=f"2026-11-0{9 - number} 12:00:00+00")
    add_thread(connection, "quiet", None, title="Migration without a call")
    fold(connection)
    latest_first = [f"Migration {number}" for number in range(MOST)]
    assert names(engine, "migration")[0] == latest_first
    assert THREADS in found(engine, "migration").more
    monkeypatch.setattr(finding, "LATEST", 1)
    assert names(engine, "migration")[0] == latest_first
    assert names(engine, "without a call")[0] == ["Migration without a call"]


def test_the_nearest_name_comes_first(engine: Engine, connection: Writer) -> None:
    for name in ("Joanna", "Mary Ann", "Anna", "Ann", "Hannover"):
        add_user(connection, name, email=f"{uid(name).hex[:6]}@x.org", shown=name)
        add_project(connection, f"of {name}", name, uid(name))
    assert names(engine, "ann")[1][:3] == ["Ann", "Anna", "Mary Ann"]
    assert names(engine, "ann")[2] == ["Ann", "Anna", "Mary Ann", "Hannover", "Joanna"]


def test_a_member_finds_their_own_and_nothing_of_others(engine: Engine, world: Writer) -> None:
    assert names(engine, "invoices", ALICE) == [["Sort the invoices"], [], ["Invoices of alice"]]
    assert names(engine, "example.com", ALICE) == [[], ["Alice Moreau"], []]
    for theirs in ("two", "lost", "bob", "bob's"):
        assert names(engine, str(uid(theirs)), ALICE) == [[], [], []]
        assert names(engine, str(uid(theirs))[:8], ALICE) == [[], [], []]
    for words in ("okafor", "bob@example.com", "ünïcode", "unattributed"):
        assert names(engine, words, ALICE) == [[], [], []]
    assert names(engine, str(ONE)[:8], ALICE) == [["Sort the invoices"], [], []]
    assert names(engine, str(uid("alice")), ALICE) == [[], ["Alice Moreau"], []]


def test_a_member_finds_the_project_that_a_thread_of_theirs_is_in(engine: Engine, world: Writer) -> None:
    world.execute("UPDATE threads SET project_id = %s WHERE thread_id = %s", (uid("bob's"), ONE))
    assert names(engine, "of bob", ALICE)[2] == ["Invoices of bob"]
    assert names(engine, str(uid("bob's")), ALICE)[2] == ["Invoices of bob"]
    for typed in ("of bob", str(uid("bob's"))):
        (project,) = found(engine, typed, ALICE).projects
        assert (project.account_id, project.account) == (None, None)  # whose it is, is not hers to know


def test_others_ids_that_begin_alike_do_not_take_the_place_of_a_members_own(engine: Engine, world: Writer) -> None:
    ids = [UUID(f"abcdef00-0000-4000-8000-{number:012x}") for number in range(41)]
    for number, one in enumerate(ids):
        owner = uid("alice") if number == 40 else uid("bob")
        world.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (one, owner))
        add_project(world, f"p{number}", "Alike", owner)
        world.execute("UPDATE projects SET project_id = %s WHERE project_id = %s", (one, uid(f"p{number}")))
        world.execute("INSERT INTO users (id, email) VALUES (%s, 'x@example.com')", (one,))
    viewer = Viewer("alice", accounts=frozenset({uid("alice"), ids[40]}))
    all = found(engine, "abcdef", viewer)
    assert [thread.thread_id for thread in all.threads] == [ids[40]]
    assert [account.account_id for account in all.accounts] == [ids[40]]
    assert [project.project_id for project in all.projects] == [ids[40]]


def test_nobody_finds_anything(engine: Engine, world: Writer) -> None:
    add_call(world, uid("free"), None)
    for typed in ("invoices", "unattributed", str(ONE), str(uid("free"))[:8]):
        assert not found(engine, typed, Viewer("nobody"))


@pytest.mark.parametrize("viewer", [SYSTEM, ALICE])
def test_without_indexes_the_same_is_found_and_it_is_said(engine: Engine, world: Writer, viewer: Viewer) -> None:
    typed = ("invoices", "moreau", "example.com", "of alice", "so")
    with_indexes = [names(engine, one, viewer) for one in typed]
    for table in (THREADS, PROJECTS, USERS):
        world.execute(f"DROP INDEX creditpulse_{table}_names".encode())
    assert [names(engine, one, viewer) for one in typed] == with_indexes
    assert found(engine, "invoices").unindexed == {THREADS, PROJECTS, USERS}
