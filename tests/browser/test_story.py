"""The whole road, as a person walks it: a text on the page, a network that learns it, a link for a colleague."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

SECOND = 1000


def upload(page: Page, path) -> None:
    """Choose a file on the page of datasets and wait until it is read."""
    page.goto("/datasets/")
    page.get_by_label("Choose files").set_input_files(path)
    expect(page.get_by_role("link", name="Train on this")).to_be_visible(timeout=30 * SECOND)


def train(page: Page, offered: str = "Train on this", /, **fields: str) -> str:
    """Press Train on what is ``offered``, with some fields typed over; the run's address."""
    page.get_by_role("link", name=offered).click()
    for label, value in fields.items():
        field = page.get_by_label(label.replace("_", " "), exact=False).first
        summary = page.locator("details", has=field).locator("summary")
        if not field.is_visible():
            summary.first.click()
        field.fill(value)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#run-status")).to_be_visible()
    return page.url


def drawn(page: Page) -> list[str]:
    """The steps at which the page has a point of the curve, from the table behind the chart."""
    chart = page.locator("#chart-speed")
    if not chart.locator("[data-table]").is_visible():
        chart.locator("summary").click()
    return chart.locator("tbody th").all_inner_texts()


def stated(page: Page) -> list[str]:
    """The steps of all progress events that the studio has stored."""
    run = page.url.rstrip("/").rpartition("/")[2]
    events = page.request.get(f"/api/v1/runs/{run}/events?limit=1000").json()["events"]
    return [f"{event['step']:,}" for event in events if event["kind"] == "progress"]


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


@pytest.fixture
def alice(person, request) -> Page:
    return person(f"alice-{request.node.name}@example.org".replace("[", "-").replace("]", ""))


def test_from_a_text_to_a_shared_model(alice, visitor, real_data):
    upload(alice, real_data / "tinyshakespeare.txt")
    expect(alice.get_by_text("1,115,394").first).to_be_visible()
    clicked = time.monotonic()
    first = train(alice)
    expect(alice.locator("#kpi-speed")).not_to_have_text("–", timeout=60 * SECOND)
    print(f"first point after {time.monotonic() - clicked:.1f} s")
    expect(alice.locator("#sample-text")).not_to_be_empty(timeout=60 * SECOND)
    print(f"first sample after {time.monotonic() - clicked:.1f} s")

    # The curve grows, and a reload leaves no hole and no double.
    before = len(drawn(alice))
    wait_for(lambda: len(drawn(alice)) > before + 3)
    alice.reload()
    wait_for(lambda: set(stated(alice)) <= set(drawn(alice)))
    assert len(set(drawn(alice))) == len(drawn(alice))

    # A lost connection is told, and caught up with.
    alice.context.set_offline(True)
    expect(alice.locator("#run-link")).not_to_be_empty()
    time.sleep(3)
    alice.context.set_offline(False)
    expect(alice.locator("#run-link")).to_be_empty(timeout=40 * SECOND)
    wait_for(lambda: set(stated(alice)) <= set(drawn(alice)))

    alice.locator("#run-stop").click()
    expect(alice.locator("#run-status")).to_have_text("Stopped", timeout=30 * SECOND)

    # The model is tried while the next run trains.
    alice.locator("#run-publish").click()
    alice.get_by_label("Name").fill("Bard")
    alice.get_by_role("button", name="Publish").click()
    expect(alice.get_by_role("heading", name="Bard")).to_be_visible()
    model = alice.url
    alice.goto("/datasets/")
    alice.get_by_role("link", name="tinyshakespeare").first.click()
    second = train(alice)
    assert second != first
    expect(alice.locator("#run-status")).to_have_text("Training", timeout=30 * SECOND)
    alice.goto(model)
    alice.get_by_label("Prompt").fill("ROMEO:")
    alice.locator("#play-length").fill("80")
    asked = time.monotonic()
    alice.get_by_role("button", name="Write").click()
    expect(alice.locator("#play-output")).to_contain_text(re.compile(r"ROMEO:.+", re.DOTALL))
    print(f"first token after {time.monotonic() - asked:.2f} s beside a training")
    expect(alice.locator("#play-status")).to_contain_text("80 characters in", timeout=20 * SECOND)
    seed = alice.locator("#play-seed").input_value()
    text = alice.locator("#play-output").inner_text()

    # The same seed writes the same text.
    alice.get_by_label("A new seed each time").uncheck()
    alice.locator("#play-seed").fill(seed)
    alice.get_by_role("button", name="Write").click()
    expect(alice.locator("#play-status")).to_contain_text("80 characters in", timeout=20 * SECOND)
    wait_for(lambda: alice.locator("#play-output").inner_text() == text)

    # A link that needs no account, and its end.
    alice.locator("#model-share").click()
    alice.get_by_role("button", name="Make a link").click()
    link = alice.locator("#share-link").inner_text().strip()
    colleague = visitor()
    colleague.goto(link)
    expect(colleague.get_by_role("heading", name="Bard")).to_be_visible()
    colleague.get_by_label("Prompt").fill("JULIET:")
    colleague.locator("#play-length").fill("40")
    colleague.get_by_role("button", name="Write").click()
    expect(colleague.locator("#play-status")).to_contain_text("40 characters in", timeout=20 * SECOND)
    assert colleague.goto("/datasets/").url.endswith("/accounts/login/?next=/datasets/")
    alice.goto(f"{model}shares/")
    alice.get_by_role("button", name=re.compile("Revoke")).click()
    wait_for(lambda: colleague.goto(link).status in (404, 410), seconds=5)

    alice.goto(second)
    alice.locator("#run-stop").click()
    expect(alice.locator("#run-status")).to_have_text("Stopped", timeout=30 * SECOND)


def test_markup_is_shown_and_never_run(alice, tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.txt"
    path.write_text("<script>document.title='owned'</script><b onclick=x>bold</b>\n" * 200)
    alice.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    upload(alice, path)
    expect(alice.get_by_text("<script>document.title='owned'</script>").first).to_be_visible()
    train(alice, Steps_at_most="30", Hidden_size="32", Layers="1")
    expect(alice.locator("#run-status")).to_have_text("Finished", timeout=60 * SECOND)
    expect(alice.locator("#sample-text")).not_to_be_empty()
    assert "owned" not in alice.title()
    assert alice.locator("main img, main script[src=x], main b[onclick]").count() == 0


def test_a_learning_rate_of_a_thousand_million_says_what_to_do(alice, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat and looked at the rat. " * 400)
    upload(alice, path)
    train(alice, Learning_rate="1000000000", Hidden_size="32", Layers="1", Steps_at_most="400")
    expect(alice.locator("#run-status")).to_have_text("Failed", timeout=60 * SECOND)
    expect(alice.locator("#run-error")).to_contain_text(re.compile(r"step \d+.*learning.rate", re.DOTALL | re.I))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a" * 5000, "again and again"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "PNG"),
        (b"\x1f\x8b\x08\x00broken", "gzip"),
    ],
    ids=["empty", "one-character", "binary", "gzip"],
)
def test_what_is_no_text_is_refused_in_words(alice, tmp_path, content, said):
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    alice.goto("/datasets/")
    alice.get_by_label("Choose files").set_input_files(path)
    expect(alice.locator("main")).to_contain_text(said, timeout=20 * SECOND)
