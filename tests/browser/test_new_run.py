"""New run: a preset fills the form, what is changed says so, and the drawing of the batch follows."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.test_accessibility import faults
from tests.browser.test_story import upload

TEXT = "the quick brown fox jumps over the lazy dog\n" * 1_000


def test_a_preset_fills_the_form_and_the_drawing_follows(person, tmp_path):
    page = person("presets@example.org", bypass_csp=True)
    (tmp_path / "foxes.txt").write_text(TEXT)
    upload(page, tmp_path / "foxes.txt")
    page.get_by_role("link", name="Train on this").click()
    hidden, batch = page.get_by_label("Hidden size"), page.get_by_label("Batch size")
    balanced = page.get_by_role("radio", name="Balanced")
    expect(balanced).to_be_checked()
    expect(hidden).to_have_value("")

    balanced.focus()  # with the keyboard, as of any group of radio buttons
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Thorough")).to_be_checked()
    expect(hidden).not_to_have_value("")
    parameters = page.get_by_role("radio", name="Thorough").locator("..").locator("[data-size]").inner_text()
    expect(page.locator("#plan-parameters")).to_have_text(parameters.split(" parameters")[0])
    expect(page.locator("[data-departs]:visible")).to_have_count(0)

    batch.fill("2")
    drawing = page.locator("#step svg.step")
    expect(drawing.locator("text.lane")).to_have_count(2)
    expect(page.locator("#step")).to_contain_text("2 streams of")
    expect(page.locator("[data-departs]:visible")).to_have_count(1)
    page.get_by_label("Sequence length").fill("9")
    expect(drawing.locator("rect.now")).to_have_count(18)
    assert "".join(drawing.locator("rect.now + text.cell").all_text_contents()).startswith("the␣quick")

    page.get_by_role("radio", name="Quick look").check(force=True)
    expect(batch).to_have_value("2")
    expect(page.get_by_label("Stop after")).to_have_value("2")
    page.get_by_role("radio", name="Balanced").check(force=True)
    expect(hidden).to_have_value("")
    expect(page.get_by_label("Stop after")).to_have_value("")
    assert faults(page) == []
