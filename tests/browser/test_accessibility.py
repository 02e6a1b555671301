"""axe-core finds nothing serious or critical on any page, by day or by night."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_story import SECOND, train, upload

OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/no-such-page/"]
INSIDE = [
    "/", "/queue/", "/datasets/", "/datasets/paste/", "/datasets/synthetic/", "/runs/", "/runs/new/", "/models/",
    "/team/", "/teams/new/", "/settings/", "/accounts/password/change/", "/api/v1/docs",
]  # fmt: skip


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {fault['help']} ({fault['impact']}): {[node['html'][:120] for node in fault['nodes']]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page(person, visitor, tmp_path, scheme):
    stranger = visitor(color_scheme=scheme, bypass_csp=True)
    found = []
    for address in OUTSIDE:
        stranger.goto(address)
        found += faults(stranger)

    reader = person(f"reader-{scheme}@example.org", color_scheme=scheme, bypass_csp=True)
    path = tmp_path / "cats.txt"
    path.write_text("the cat sat on the mat and looked at the rat. " * 400)
    upload(reader, path)
    pages = [reader.url]
    reader.get_by_role("link", name="Train on this").click()
    found += faults(reader)
    reader.goto(pages[0])
    pages.append(train(reader, Steps_at_most="40", Hidden_size="32", Layers="1"))
    expect(reader.locator("#run-status")).to_have_text("Finished", timeout=60 * SECOND)
    found += faults(reader)
    reader.locator("#run-publish").click()
    found += faults(reader)
    reader.get_by_role("button", name="Publish").click()
    expect(reader.get_by_label("Prompt")).to_be_visible()
    pages.append(reader.url)
    reader.locator("#model-share").click()
    reader.get_by_role("button", name="Make a link").click()
    link = reader.locator("#share-link").inner_text().strip()
    stranger.goto(link)
    found += faults(stranger)
    for address in [*INSIDE, *pages]:
        reader.goto(address)
        found += faults(reader)
    assert found == []
