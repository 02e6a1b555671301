"""What pages owe their reader: they fit the screen, actions are in reach, moments are told in the reader's zone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

ROWS = "load,wind,hour\n" + "".join(f"{n % 24},{n % 7},2024-01-{1 + n // 24:02} {n % 24:02}:00\n" for n in range(480))
PAGES = [
    "/", "/datasets/", "/datasets/synthetic/", "/runs/new/", "/team/", "/teams/new/", "/settings/",
    "/accounts/password/change/", "/api/v1/docs",
]  # fmt: skip


def read(page: Page, path: Path) -> None:
    """Uploads a series and waits until it is read."""
    path.write_text(ROWS)
    page.goto("/datasets/")
    page.get_by_label("Choose files").set_input_files(path)
    expect(page.get_by_role("link", name="Train a forecast")).to_be_visible(timeout=30_000)


def test_a_narrow_page_fits_and_its_first_action_is_in_reach(person, tmp_path):
    page = person("narrow@example.org", viewport={"width": 360, "height": 740})
    read(page, tmp_path / "a_series_of_the_load_and_of_the_wind_by_the_hour.csv")
    addresses = [page.url, *PAGES]
    page.get_by_role("link", name="Train a forecast").click()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_in_viewport()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    found = []
    for address in [page.url, *addresses]:
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{address}: {width} px"] if width > 360 else []
    assert found == []


def test_columns_keep_their_names_while_the_form_is_priced(person, tmp_path):
    page = person("columns@example.org")
    read(page, tmp_path / "load.csv")
    page.get_by_role("link", name="Train a forecast").click()
    values = page.get_by_role("group", name="Values")
    expect(values.locator("[data-offered]")).to_have_text("load")
    values.get_by_label("wind").check()
    expect(page.locator('[data-summary="columns"]')).to_contain_text("values: wind ·")
    expect(values.get_by_role("checkbox")).to_have_count(2)
    expect(values.get_by_label("load (integer)")).not_to_be_checked()


def test_the_end_of_a_link_is_told_in_the_readers_zone(person):
    page = person("tokyo@example.org", timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto("/team/")
    page.get_by_role("button", name="Make a link").click()
    end = page.locator("time[data-at]").first
    expect(end).not_to_contain_text("UTC")
    shown = end.evaluate("(at) => [at.textContent, new Date(at.dateTime).toLocaleTimeString('en-GB').slice(0, 5)]")
    assert shown[0].endswith(shown[1]), shown


def test_a_dialog_keeps_the_focus_and_gives_it_back(person):
    page = person("dialogs@example.org")
    opener = page.locator(".rail").get_by_role("button", name="Keys")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#keys").get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(opener).to_be_focused()
