"""Pages of other sites: they may lead a person here, and neither read nor change anything with that person's rights."""

from __future__ import annotations

import httpx
import pytest

from tests.live.conftest import WAIT_SECONDS, Server

CROSS, NEIGHBOUR = {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}
LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def post(server: Server, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx.post(f"http://{server.address}/length", content=b"{}", headers=named, timeout=WAIT_SECONDS)
    return answer.status_code


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost:1"])
def test_a_change_that_another_origin_asks_for_is_refused(server: Server, origin: str) -> None:
    assert post(server, Origin=origin) == 403


def test_a_change_that_our_own_page_asks_for_is_made(server: Server) -> None:
    assert post(server, Origin=f"http://{server.address}") == 200
    assert post(server, Sec_Fetch_Site="same-origin") == 200


def test_a_script_needs_no_origin(server: Server) -> None:
    assert post(server) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_link_changes_anything(server: Server, site: str) -> None:
    assert post(server, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document") == 403


@pytest.mark.parametrize("site", [CROSS, NEIGHBOUR])
@pytest.mark.parametrize(
    "way",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/whoami", "/live/events?topics=nav:all", "/live/check", "/api/v1/usage"])
def test_another_site_s_page_reads_nothing(
    server: Server, site: dict[str, str], way: dict[str, str], path: str
) -> None:
    assert server.get(path, headers={**site, **way}).status_code == 403


@pytest.mark.parametrize("site", [CROSS, NEIGHBOUR])
def test_a_link_leads_here(server: Server, site: dict[str, str]) -> None:
    assert server.get("/whoami", headers={**site, **LINK}).text == "local"
