"""The service worker is served for every page, always asked for anew, and no script of a page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from callbacks.dashboard import ASSETS
from live.worker import FILES, SOURCE, Worker, worker_route
from release import PARTS, ROOT, release


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[worker_route()]))


def test_it_is_a_script_at_the_root_that_browsers_ask_for_anew(client: TestClient) -> None:
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    again: httpx.Response = client.get("/sw.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_has_every_part_of_its_source_in_the_order_in_which_they_need_each_other(client: TestClient) -> None:
    assert {f"{name}.js" for name in FILES} == {path.name for path in SOURCE.iterdir()}
    assert FILES[-1] == "main"
    text = client.get("/sw.js").text
    assert all((SOURCE / f"{name}.js").read_text() in text for name in FILES)


def test_a_change_of_it_is_noticed(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / f"{name}.js").write_text("one")
    before = Worker(tmp_path)
    (tmp_path / "main.js").write_text("two")
    assert Worker(tmp_path).tag != before.tag


def test_pages_do_not_run_it() -> None:
    assert ASSETS not in SOURCE.parents
    assert not SOURCE.is_relative_to(ASSETS)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_release_makes_it_another(tmp_path: Path, part: str) -> None:
    assert (ROOT / part).is_dir()
    (tmp_path / part).mkdir()
    before = release(tmp_path)
    assert release(tmp_path) == before
    (tmp_path / part / "one.js").write_text("1")
    assert release(tmp_path) != before
