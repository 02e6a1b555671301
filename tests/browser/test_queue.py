"""The queue by keyboard and by hand; a page when nothing answers, when a piece fails, when one is signed out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD

SECOND = 1000
SHORT = "the cat sat on the mat and looked at the rat. "
TEXT = SHORT * 400
LONG = {"max_steps": 200_000, "max_minutes": 10}


def post(page: Page, path: str, body: dict) -> dict:
    """A call of the API as whoever is signed in on the page."""
    page.goto("/settings/")
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    answer = page.request.post(f"/api/v1{path}", data=body, headers={"X-CSRFToken": token, "Referer": page.url})
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else {}


@pytest.fixture
def reader(person, request) -> Page:
    return person(re.sub(r"\W+", "-", f"queue-{request.node.name}").strip("-") + "@example.org")


@pytest.fixture
def runs(reader):
    """Three runs of a long recipe: one trains, two wait. They are stopped at the end."""
    dataset = post(reader, "/datasets", {"name": "cats", "text": TEXT})["id"]
    reader.goto(f"/datasets/{dataset}/")
    expect(reader.get_by_role("link", name="Train on this")).to_be_visible(timeout=30 * SECOND)
    recipe = {"task": {"kind": "language_model"}, "network": {"hidden_size": 16, "num_layers": 1}, "training": LONG}
    made = [
        post(reader, "/runs", {"dataset_id": dataset, "name": name, "recipe": recipe})["id"]
        for name in ("now", "next", "later")
    ]
    yield made
    reader.context.set_offline(False)
    for run in reversed(made):
        post(reader, f"/runs/{run}/stop", {})


def waiting(page: Page) -> list[str]:
    return page.locator("ol.rows .name").all_inner_texts()


def test_a_run_is_moved_by_the_keyboard_alone_and_one_is_told(reader, runs):
    reader.goto("/queue/")
    expect(reader.locator("ol.rows .name")).to_have_text(["next", "later"])
    expect(reader.locator("ul.rows").first).to_contain_text("now")
    expect(reader.get_by_text("The one training slot is taken.")).to_be_visible()

    row = reader.locator(f"#entry-{runs[2]}")
    reader.locator(f"#run-{runs[2]}").focus()
    reader.keyboard.press("Tab")
    expect(row.get_by_role("button", name="To the front")).to_be_focused()
    reader.keyboard.press("Enter")
    expect(reader.locator("ol.rows .name")).to_have_text(["later", "next"])
    expect(reader.locator("#queue-said")).to_have_text("“later” is next in the queue.")
    expect(row.get_by_role("button", name="To the front")).to_be_focused()

    for _ in range(2):
        reader.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Down")).to_be_focused()
    reader.keyboard.press("Enter")
    expect(reader.locator("#queue-said")).to_have_text("“later” is number 2 of 2 in the queue.")
    assert waiting(reader) == ["next", "later"]

    # The page asks again by itself, and whoever is on a button stays there; a row that leaves hands on to its part.
    with reader.expect_response("**/queue/"):
        pass
    expect(row.get_by_role("button", name="Down")).to_be_focused()
    for _ in range(2):
        reader.keyboard.press("Tab")
    reader.keyboard.press("Enter")
    expect(reader.locator("#queue-said")).to_have_text("“later” is stopped.")
    expect(reader.locator("#queue-waiting")).to_be_focused()
    assert waiting(reader) == ["next"]


def test_a_run_is_dragged_to_another_place(reader, runs):
    reader.goto("/queue/")
    grip, first = reader.locator(f"#entry-{runs[2]} .grip"), reader.locator(f"#entry-{runs[1]}")
    expect(reader.locator("ol.rows .name")).to_have_text(["next", "later"])
    grip.hover()
    reader.mouse.down()
    to = first.bounding_box()
    reader.mouse.move(to["x"] + 40, to["y"] + 4, steps=4)
    expect(first).to_have_attribute("data-gap", "before")
    with reader.expect_response("**/queue/"):  # the page asks again by itself: what is held stays in the hand
        pass
    expect(reader.locator(f"#entry-{runs[2]}")).to_have_class(re.compile("dragged"))
    reader.mouse.up()
    expect(reader.locator("ol.rows .name")).to_have_text(["later", "next"])
    expect(reader.locator("#queue-said")).to_have_text("“later” is number 1 of 2 in the queue.")
    grip.hover()
    reader.mouse.down()
    reader.mouse.move(to["x"] + 40, to["y"] + 300, steps=4)
    reader.keyboard.press("Escape")
    reader.mouse.up()
    expect(reader.locator("[data-gap]")).to_have_count(0)
    assert waiting(reader) == ["later", "next"]


def test_offline_a_page_says_so_and_keeps_what_is_typed(reader):
    reader.goto("/datasets/paste/")
    reader.get_by_label("Name").fill("cats")
    field = reader.get_by_label("Text", exact=False).last
    field.fill(SHORT)
    reader.context.set_offline(True)
    banner = reader.locator("#offline")
    expect(banner).to_have_text(re.compile(r"^You are offline; what you see is from \d\d?:\d\d"))
    field.press("Tab")
    reader.get_by_role("button", name="Save").click()
    expect(reader.locator("#toasts")).to_contain_text("Nothing was sent")
    expect(field).to_have_value(SHORT)
    reader.context.set_offline(False)
    expect(banner).to_be_hidden()
    expect(field).to_have_value(SHORT)


def test_a_piece_that_fails_says_so_where_it_stands(reader):
    reader.goto("/queue/")
    expect(reader.get_by_text("Nothing trains now.")).to_be_visible()
    reader.route("**/queue/", lambda route: route.fulfill(status=500, body="broken"))
    note = reader.locator("[data-failed=queue-now]")
    expect(note).to_contain_text("This part could not be refreshed (500).")
    expect(reader.get_by_text("Nothing trains now.")).to_be_visible()
    reader.unroute("**/queue/")
    note.get_by_role("button", name="Retry").click()
    expect(note).to_have_count(0)


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def typed_and_signed_out(page: Page) -> str:
    """A text is typed, and nobody is signed in any more; who was."""
    page.goto("/settings/")
    email = page.locator(".rail .foot [title]").get_attribute("title")
    page.goto("/datasets/paste/")
    page.get_by_label("Name").fill("cats")
    page.get_by_label("Text", exact=False).last.fill(SHORT)
    page.context.clear_cookies()
    return email


def sign_in_elsewhere_and_save(page: Page, email: str) -> None:
    """By the banner's link, in a tab of its own; then what was typed is sent."""
    with page.context.expect_page() as opened:
        page.locator("#signed-out").get_by_role("link").click()
    sign_in(opened.value, email)
    expect(opened.value).to_have_title(re.compile("Unroll"))
    opened.value.close()
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"/datasets/\w{16}/"))


def test_signed_out_meanwhile_one_is_led_to_sign_in_and_back(reader):
    reader.goto("/settings/")
    email = reader.locator(".rail .foot [title]").get_attribute("title")
    reader.goto("/queue/")
    reader.context.clear_cookies()
    expect(reader).to_have_url(re.compile(r"/accounts/login/\?next=%2Fqueue%2F$"))
    sign_in(reader, email)
    expect(reader).to_have_title("Queue · Unroll")


def test_signed_out_meanwhile_what_was_typed_is_kept_and_sent_after_all(reader):
    email = typed_and_signed_out(reader)
    # Whatever the page asks for next: here somebody else's script does, as a fragment that the clock brings would.
    reader.evaluate("htmx.ajax('get', '/queue/', {target: '#toasts', swap: 'beforeend'})")
    banner = reader.locator("#signed-out")
    expect(banner).to_contain_text("You are signed out.")
    sign_in_elsewhere_and_save(reader, email)


def test_signed_out_meanwhile_what_is_sent_waits_for_the_sign_in(reader):
    email = typed_and_signed_out(reader)
    reader.get_by_role("button", name="Save").click()
    sign_in_elsewhere_and_save(reader, email)
