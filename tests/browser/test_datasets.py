"""A dataset in the browser: a new version beside the old one, odd bytes in boxes, a problem that leads to its line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import faults

SECOND = 1000
ODD = "first line\nsec\u00a0ond \u202eline\u202c\n" + "words of a plain line\n" * 80 + "the \x1b end\n"


@pytest.fixture
def alice(person, request) -> Page:
    return person(f"{request.node.name.replace('_', '-')}@example.org", bypass_csp=True)


def give(page: Page, path) -> None:
    """Choose a file in the drop zone that the page shows, and wait until it is read."""
    page.get_by_label("Choose").set_input_files(path)
    expect(page.locator("#dataset[data-status=ready]")).to_be_visible(timeout=30 * SECOND)


@pytest.fixture
def shown(alice, tmp_path) -> Page:
    path = tmp_path / "odd.txt"
    path.write_text(ODD)
    alice.goto("/datasets/")
    give(alice, path)
    return alice


def test_odd_bytes_are_boxes_until_they_are_switched_off(shown):
    boxes = shown.locator("pre .odd .box")
    expect(boxes.filter(has_text="NBSP").first).to_be_visible()
    expect(boxes.filter(has_text="RLO").first).to_be_visible()
    assert shown.locator("pre .odd").first.get_attribute("title") == "U+00A0 no-break space"
    assert faults(shown) == []
    shown.get_by_label("Mark what cannot be seen").focus()
    shown.keyboard.press("Space")
    expect(boxes.first).to_be_hidden()
    shown.keyboard.press("Space")
    expect(boxes.first).to_be_visible()


def test_a_problem_leads_to_its_line(shown):
    shown.locator("#problems").get_by_role("link", name="line 83").focus()
    shown.keyboard.press("Enter")
    line = shown.locator(".numbered [aria-current=true]")
    expect(line).to_contain_text("83")
    expect(line.locator(".box")).to_have_text("ESC")
    assert faults(shown) == []
    shown.get_by_role("link", name="Before").click()
    expect(shown.locator(".numbered li").first).to_contain_text("46")
    shown.get_by_label("Go to line").fill("2")
    shown.keyboard.press("Enter")
    expect(shown.locator(".numbered [aria-current=true]")).to_contain_text("ond")


def test_a_new_version_and_the_old_one(shown, tmp_path):
    address = shown.url
    path = tmp_path / "newer.txt"
    path.write_text("quite another text\n" * 200)
    shown.get_by_role("button", name="New version").click()
    assert faults(shown) == []
    shown.get_by_label("Choose a file").set_input_files(path)
    expect(shown.get_by_role("heading", name="version 2")).to_be_visible(timeout=30 * SECOND)
    expect(shown.locator("#dataset[data-status=ready]")).to_be_visible(timeout=30 * SECOND)
    assert shown.url.split("?")[0] == address.split("?")[0]
    expect(shown.locator(".version")).to_have_count(2)
    expect(shown.locator("pre").first).to_contain_text("quite another text")
    shown.get_by_role("link", name="Version 1", exact=True).click()
    expect(shown.locator("pre").first).to_contain_text("first line")
    expect(shown.get_by_text("You look at version 1")).to_be_visible()
    with shown.expect_download() as kept:
        shown.locator("#download").click()
    assert kept.value.suggested_filename == "odd.txt"
    assert kept.value.path().read_text() == ODD
    assert faults(shown) == []
    shown.get_by_role("button", name="Delete version 2").click()
    shown.locator("#delete-2").get_by_role("button", name="Delete", exact=True).click()
    expect(shown.locator(".version")).to_have_count(1)


def test_the_list_and_its_example_fit_a_phone(person):
    page = person("datasets-on-a-phone@example.org", viewport={"width": 360, "height": 740}, bypass_csp=True)
    page.goto("/datasets/")
    assert faults(page) == []
    page.get_by_role("button", name="Python’s own library").click()
    expect(page.locator("#dataset[data-status=ready]")).to_be_visible(timeout=60 * SECOND)
    assert faults(page) == []
    for path in (page.url, f"{page.url}lines/?line=1", "/datasets/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
