"""A model in many hands: its versions, its card, its links, and what it says when it is asked wrongly."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import faults
from tests.browser.test_story import SECOND, train
from tests.browser.test_tasks import ask, offer, publish

NARROW = {"width": 360, "height": 760}


@pytest.fixture
def alice(person, request) -> Page:
    name = re.sub(r"\W+", "-", request.node.name)
    return person(f"models-{name}@example.org", bypass_csp=True)


@pytest.fixture
def sums(alice, tmp_path) -> str:
    """A small regression, trained and published; the address of its run. The browser is on the model's page."""
    draw, path = random.Random(0), tmp_path / "sums.csv"
    rows = [[draw.randint(0, 9) for _ in range(draw.randint(2, 4))] for _ in range(200)]
    path.write_text("text,label\n" + "".join(f"{' '.join(map(str, row))},{sum(row)}.5\n" for row in rows))
    offer(alice, path, "Train an estimator")
    run = train(alice, "Train an estimator", Steps_at_most="40", Hidden_size="16")
    publish(alice)
    return run


def link(page: Page, shows: str) -> str:
    page.locator("#model-share").click()
    page.get_by_label("It shows").select_option(label=shows)
    page.get_by_role("button", name="Make a link").click()
    made = page.locator("#share-link").inner_text().strip()
    page.get_by_role("link", name="Close").click()
    return made


def test_versions_links_and_a_card_from_both_sides(alice, sums, visitor):
    model = alice.url
    found = faults(alice)
    stays, follows = link(alice, "version 1, always"), link(alice, "the newest version, whenever it is opened")

    # The next version, beside the first.
    alice.goto(sums)
    alice.locator("#run-publish").click()
    alice.get_by_label("As", exact=True).select_option(index=1)
    expect(alice.get_by_label("Name")).to_be_hidden()
    found += faults(alice)
    alice.get_by_role("button", name="Publish").click()
    expect(alice.locator("#model-version")).to_have_text("version 2")
    expect(alice.locator("#model-versions tbody tr")).to_have_count(2)
    alice.locator("#model-versions").get_by_role("link", name="1 of").click()
    expect(alice.locator("#model-older")).to_contain_text("The newest is version 2")

    # Two windows on one card: the second is shown what the first wrote.
    alice.goto(f"{model}edit/")
    other = alice.context.new_page()
    other.goto(f"{model}edit/")
    other.get_by_label("Intended use").fill("What the **first** wrote")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("#model-words strong")).to_have_text("first")
    alice.get_by_label("Intended use").fill("What the second wrote")
    alice.get_by_label("Licence").fill("CC0-1.0")
    alice.get_by_role("button", name="Save").click()
    expect(alice.locator("#card-conflict")).to_be_visible()
    expect(alice.locator("#now-intended_use")).to_have_text("What the **first** wrote")
    expect(alice.get_by_label("Intended use", exact=True)).to_have_value("What the second wrote")
    found += faults(alice)
    alice.get_by_role("button", name="Take this one").click()
    expect(alice.get_by_label("Intended use", exact=True)).to_have_value("What the **first** wrote")
    alice.get_by_role("button", name="Save").click()
    expect(alice.locator("#model-words")).to_contain_text("Creative Commons Zero")

    # What is too long is told before it is sent, and stays.
    alice.goto(f"{model}edit/")
    alice.get_by_label("Note").fill("<b>long</b>" * 100_000)
    alice.get_by_role("button", name="Save").click()
    expect(alice.locator("p.error")).to_contain_text("1,100,000 of 20,000 characters")
    expect(alice.get_by_label("Note")).to_be_focused()
    expect(alice.get_by_label("Note")).to_have_value(re.compile("^<b>long"))
    alice.get_by_label("Note").fill("short")
    alice.get_by_role("button", name="Save").click()
    expect(alice.locator("#model-words")).to_contain_text("short")

    # A stranger, in the dark, on a phone.
    stranger = visitor(color_scheme="dark", viewport=NARROW, bypass_csp=True)
    for address, said in ((stays, "stays with version 1"), (follows, "now version 2")):
        stranger.goto(address)
        expect(stranger.locator("#share-says")).to_contain_text(said)
        expect(stranger.locator("#model-words")).to_contain_text("What the first wrote")
        assert stranger.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    ask(stranger, "3 4 5")
    expect(stranger.locator("#predict-output .answer")).to_have_text(re.compile(r"^-?\d"), timeout=60 * SECOND)
    ask(stranger, "3 zyx 5 <b>")
    expect(stranger.locator("#predict-output .unknown .hint")).to_have_text(
        "4 of 6 words are unknown to this model: it reads them as “unknown”."
    )
    expect(stranger.locator("#predict-output mark")).to_have_text(["unknown: zyx", "unknown: <b>"])
    found += faults(stranger)

    alice.goto(model)
    alice.locator("#model-share").click()
    expect(alice.locator("#share-list")).to_contain_text("opened 1 time, last")
    found += faults(alice)
    alice.goto("/models/?sort=opened")
    expect(alice.locator("#models")).to_contain_text("opened 2×")
    found += faults(alice)

    # The newest version goes: the link that follows shows the first, the one that stays with it is as it was.
    alice.goto(model)
    alice.locator("summary", has_text="More").click()
    alice.get_by_role("link", name="Delete version 2…").click()
    words = "Version 1 is the newest then: the link that follows the newest"
    expect(alice.get_by_role("dialog")).to_contain_text(words)
    found += faults(alice)
    alice.get_by_role("button", name="Delete", exact=True).click()
    expect(alice.locator("#model-versions")).to_contain_text("This is the only one")
    for address, said in ((stays, "stays with version 1"), (follows, "now version 1")):
        stranger.goto(address)
        expect(stranger.locator("#share-says")).to_contain_text(said)

    # What is left is trained on.
    alice.locator("#model-train").click()
    expect(alice.locator("main")).to_contain_text("It starts from the weights of")
    found += faults(alice)
    alice.get_by_role("link", name="sums.csv").click()
    expect(alice.get_by_label("Start from")).to_have_value(f"model:{model.rstrip('/').rpartition('/')[2]}:1")
    assert found + faults(alice) == []


def test_what_is_asked_wrongly_says_what_to_do(alice, sums, tmp_path):
    error = alice.locator("#predict-error")
    wrong = {"": "Type an input, or choose a file", "1 " * 500_000: "at most 2,000 characters"}
    for typed, said in wrong.items():
        ask(alice, typed)
        expect(error).to_contain_text(said, timeout=60 * SECOND)
        expect(alice.locator("#predict-input")).to_have_attribute("aria-invalid", "true")
    files = {
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is no text in UTF-8"),
        "empty.txt": (b"", "has no records"),
        "large.txt": (b"1 2 3\n" * 200_000, "is larger than 1 MB"),
        "other.csv": (b"a,b\n1,2\n", "the model reads text: name the columns so"),
        "broken.jsonl": (b'"1 2"\n{"text": \n', "line 2 is no JSON"),
    }
    for name, (content, said) in files.items():
        (tmp_path / name).write_bytes(content)
        alice.locator("#predict-file").set_input_files(tmp_path / name)
        expect(error).to_contain_text(said)
    found = faults(alice)
    (tmp_path / "right.csv").write_text("text,label\n1 2 3,6\n4 5,9\n")
    alice.locator("#predict-file").set_input_files(tmp_path / "right.csv")
    expect(alice.locator("#predict-output tbody tr")).to_have_count(2, timeout=60 * SECOND)
    expect(error).to_be_hidden()
    expect(alice.locator("#predict-output .hint")).to_have_count(0)
    (tmp_path / "strange.csv").write_text("text,label\n1 2 3,6\n4 zyx,9\n")
    alice.locator("#predict-file").set_input_files(tmp_path / "strange.csv")
    expect(alice.locator("#predict-output .hint")).to_contain_text("1 of 2 inputs has words that are unknown")
    assert found + faults(alice) == []


def test_a_models_evaluation_by_day_and_by_night(alice, sums):
    alice.get_by_role("link", name="Evaluation").click()
    expect(alice.get_by_role("heading", name="What it said over the truth")).to_be_visible()
    expect(alice.locator("circle.dot").first).to_be_visible()
    found = faults(alice)
    alice.emulate_media(color_scheme="dark")
    alice.set_viewport_size(NARROW)
    assert found + faults(alice) == []


def test_a_deleted_model_takes_its_links_along(alice, sums, visitor):
    made = link(alice, "version 1, always")
    alice.locator("summary", has_text="More").click()
    alice.get_by_role("link", name="Delete…").click()
    expect(alice.get_by_role("dialog")).to_contain_text("The link to it stops working at once")
    alice.get_by_role("button", name="Delete", exact=True).click()
    expect(alice.locator("main")).to_contain_text("No models yet")
    stranger = visitor()
    assert stranger.goto(made).status == 404
    expect(stranger.get_by_role("heading", name="This link does not work")).to_be_visible()
