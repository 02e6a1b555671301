"""A run is cloned, trained for more steps, and its model is what the next one starts from."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_story import train, upload

SECOND = 1000


@pytest.fixture
def alice(person) -> Page:
    return person("alice-goes-on@example.org")


def finished(page: Page) -> None:
    expect(page.locator("#run-status")).to_have_text("Finished", timeout=120 * SECOND)


def test_cloned_continued_and_started_from(alice, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat and looked at the rat. " * 400)
    upload(alice, path)
    first = train(alice, Steps_at_most="30", Hidden_size="32", Layers="1", Checkpoint_every="10", Evaluate_every="10")
    finished(alice)

    # More steps: a run of its own, from where the first one ended.
    alice.locator("#run-more").click()
    alice.locator("#run-continue").click()
    dialog = alice.get_by_role("dialog")
    expect(dialog).to_contain_text("To step 60")
    dialog.get_by_label("More steps").fill("10")
    expect(dialog).to_contain_text("To step 40")
    dialog.get_by_role("button", name="Train on").click()
    alice.wait_for_url(lambda url: url != first and "/runs/" in url)
    finished(alice)
    expect(alice.locator("#run-where")).to_contain_text("40")
    expect(alice.locator("#run-origin")).to_contain_text("step 30")

    # Its checkpoints; one of them becomes a model.
    alice.locator("#run-more").click()
    alice.locator("#run-checkpoints").click()
    row = alice.locator("#step-40")
    expect(row).to_contain_text("newest")
    with alice.expect_download() as download:
        row.get_by_role("link", name=re.compile("Download")).click()
    assert download.value.suggested_filename.endswith("-step-40.zip")
    row.get_by_role("link", name=re.compile("Publish")).click()
    dialog = alice.get_by_role("dialog")
    expect(dialog.get_by_label("Checkpoint")).to_have_value("40")
    dialog.get_by_label("Name").fill("Cat")
    dialog.get_by_role("button", name="Publish").click()
    expect(alice.get_by_role("heading", name="Cat")).to_be_visible()

    # A clone of the first, in which a change is marked, started from that model.
    alice.goto(first)
    alice.locator("#run-more").click()
    alice.locator("#run-clone").click()
    expect(alice.locator("#cloned")).to_be_visible()
    steps = alice.get_by_label("Steps at most")
    field = alice.locator(".field", has=steps)
    alice.locator("details", has=steps).locator("summary").click()
    expect(steps).to_have_value("30")
    expect(field.locator("[data-departs]")).to_be_hidden()
    steps.fill("20")
    expect(field.locator("[data-departs]")).to_be_visible()
    expect(field.locator("[data-departs]")).to_have_text("changed, was 30")
    alice.locator("#topic-start summary").click()
    alice.get_by_label("Start from").select_option(label="Cat, version 1")
    alice.get_by_role("button", name="Fill in the form for these weights").click()
    expect(alice.get_by_label("Hidden size")).to_have_value("")
    expect(alice.get_by_label("Hidden size")).to_have_attribute("placeholder", "32")
    alice.get_by_role("button", name="Train", exact=True).click()
    finished(alice)
    expect(alice.locator("#run-origin")).to_contain_text("Cat, version 1, step 40")
