"""Every shape of task, as a person meets it: a table on the page, a network that learns it, a model that answers."""

from __future__ import annotations

import csv
import json
import math
import random
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import faults
from tests.browser.test_story import SECOND, train, upload

KIND = {"the": "DET", "a": "DET", "cat": "NOUN", "dog": "NOUN", "sees": "VERB", "hears": "VERB"}


@pytest.fixture
def alice(person, request) -> Page:
    name = re.sub(r"\W+", "-", request.node.name)
    return person(f"tasks-{name}@example.org", bypass_csp=True)


def offer(page: Page, path, button: str) -> None:
    """Upload a table; its page proposes the task."""
    page.goto("/datasets/")
    page.get_by_label("Choose files").set_input_files(path)
    expect(page.get_by_role("link", name=button)).to_be_visible(timeout=30 * SECOND)


def publish(page: Page) -> None:
    """Wait for the run's end and publish its best checkpoint; leaves the browser on the model's page."""
    expect(page.locator("#run-status")).to_have_text("Finished", timeout=90 * SECOND)
    page.locator("#run-publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("#predict-input")).to_be_visible()


def ask(page: Page, words: str) -> None:
    page.locator("#predict-input").fill(words)
    page.locator("#predict-go").click()


def test_a_sentence_is_tagged_in_colour(alice, tmp_path):
    draw, path = random.Random(0), tmp_path / "words.jsonl"
    sentences = [draw.choices(list(KIND), k=draw.randint(2, 7)) for _ in range(150)]
    rows = ({"tokens": words, "tags": [KIND[word] for word in words]} for words in sentences)
    path.write_text("\n".join(map(json.dumps, rows)))
    offer(alice, path, "Train a tagger")
    found = faults(alice)
    run = train(alice, "Train a tagger", Steps_at_most="60", Hidden_size="16")
    publish(alice)
    ask(alice, "the dog sees a cat")
    words = alice.locator("#predict-output .tagged")
    expect(words).to_have_count(5, timeout=60 * SECOND)
    expect(words.nth(1)).to_contain_text("NOUN")
    colours = [words.nth(place).evaluate("word => getComputedStyle(word).backgroundColor") for place in (0, 1, 2)]
    assert len(set(colours)) == 3
    expect(alice.locator("#predict-output .unknown")).to_have_count(0)
    ask(alice, "the zebra sees a cat")
    expect(alice.locator("#predict-output .unknown")).to_contain_text(
        "1 of 5 words is unknown to this model: it reads it by the spelling alone."
    )
    expect(alice.locator("#predict-output mark")).to_have_text("unknown: zebra")
    found += faults(alice)
    alice.goto(f"{run}evaluation/")
    expect(alice.locator(".tagged").first).to_be_visible()
    assert found + faults(alice) == []


def test_words_of_a_prompt_that_are_unknown_are_marked(alice, tmp_path):
    path = tmp_path / "cats.txt"
    path.write_text("the cat sat on the mat and looked at the rat.\n" * 100)
    upload(alice, path)
    dataset = alice.url.rstrip("/").rpartition("/")[2]
    small = "task.tokens=word&network.hidden_size=16&network.num_layers=1&training.max_steps=30"
    alice.goto(f"/runs/new/?dataset={dataset}&task=language_model&{small}")
    alice.get_by_role("button", name="Train", exact=True).click()
    expect(alice.locator("#run-status")).to_have_text("Finished", timeout=90 * SECOND)
    alice.locator("#run-publish").click()
    alice.get_by_role("button", name="Publish").click()
    alice.get_by_label("Prompt").fill("the <zebra> sat")
    alice.get_by_role("button", name="Write").click()
    expect(alice.locator("#play-unknown .hint")).to_have_text(
        "3 of 5 words are unknown to this model: it reads them as “unknown”.", timeout=60 * SECOND
    )
    expect(alice.locator("#play-unknown mark")).to_have_text("unknown: <zebra>")
    assert faults(alice) == []
    alice.get_by_label("Prompt").fill("the cat sat")
    alice.get_by_role("button", name="Write").click()
    expect(alice.locator("#play-status")).to_contain_text("words in")
    expect(alice.locator("#play-unknown")).to_be_empty()


def test_the_attention_of_an_answer_is_drawn(alice, tmp_path):
    draw, path = random.Random(0), tmp_path / "backwards.csv"
    words = dict.fromkeys("".join(draw.choices("abcdef", k=draw.randint(2, 5))) for _ in range(300))
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("source", "target"), *((word, word[::-1]) for word in words)])
    offer(alice, path, "Train a translator")
    run = train(alice, "Train a translator", Steps_at_most="60", Hidden_size="24")
    publish(alice)
    ask(alice, "abc")
    matrix = alice.locator("#predict-output table.heat")
    expect(matrix).to_be_visible(timeout=60 * SECOND)
    expect(matrix.locator("thead th")).to_have_count(1 + len("abc"))
    found = faults(alice)
    alice.goto(f"{run}evaluation/")
    expect(alice.locator("main h2").nth(1)).to_be_visible()
    assert found + faults(alice) == []


def test_the_band_of_a_forecast_is_drawn(alice, tmp_path):
    draw, path = random.Random(0), tmp_path / "series.csv"
    rows = [(f"2026-{day // 28 + 1:02d}-{day % 28 + 1:02d}", f"{math.sin(day / 3) + draw.gauss(0, 0.1):.3f}")
            for day in range(330)]  # fmt: skip
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("date", "value"), *rows])
    offer(alice, path, "Train a forecast")
    run = train(alice, "Train a forecast", Horizon="7", Lookback="14", Steps_at_most="40")
    publish(alice)
    expect(alice.locator(".forecast path.band").first).to_be_visible()
    ask(alice, "\n".join(value for _, value in rows[-40:]))
    expect(alice.locator("#predict-output path.band").first).to_be_visible(timeout=60 * SECOND)
    found = faults(alice)
    alice.goto(f"{run}evaluation/")
    expect(alice.locator(".forecast path.truth").first).to_be_visible()
    assert found + faults(alice) == []
