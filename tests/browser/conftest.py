"""A real studio, and Debian's Chromium to look at it with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from supervisor.valkey import free_port
from tests.studios import Studio

PASSWORD = "a good long password"


@pytest.fixture(scope="session")
def studio(tmp_path_factory) -> Iterator[Studio]:
    """A `studio up` with all its parts, on a data folder of its own."""
    with Studio(tmp_path_factory.mktemp("studio") / "data", free_port()) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread while it is open: it is closed before other tests want one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.fail("these tests want Chromium: apt-get install chromium, or name its program in CHROMIUM")
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


@pytest.fixture
def visitor(studio, browser) -> Iterator[Callable[..., Page]]:
    """Makes a page of a browser that knows nobody. What goes wrong in its scripts fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(**options: object) -> Page:
        context = browser.new_context(base_url=f"http://127.0.0.1:{studio.port}", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    expect.set_options(timeout=15_000)
    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def person(visitor) -> Callable[..., Page]:
    """Makes the page of somebody who has just signed up."""

    def make(email: str, **options: object) -> Page:
        page = visitor(**options)
        page.goto("/accounts/signup/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        page.get_by_role("button", name="Make the account").click()
        expect(page).to_have_title("Home · Unroll")
        return page

    return make
