"""The presets on the new-run page: cards with their costs, filled fields, and what differs from them."""

from __future__ import annotations

import html
import json
import re

from webapp.datasets.models import Dataset
from webapp.runs import presets
from webapp.runs.recipe_form import RecipeForm

NAMES = ("quick", "balanced", "thorough")


def body(response) -> str:
    return response.content.decode()


def values(text: str) -> dict[str, dict[str, str]]:
    """What the page's cards put into the form."""
    found = re.findall(r'name="preset" value="(\w+)" data-values="([^"]*)"', text)
    return {name: json.loads(html.unescape(given)) for name, given in found}


def chosen(text: str) -> str:
    return re.search(r'name="preset" value="(\w+)"[^>]* checked', text)[1]


def departing(text: str) -> set[str]:
    """Names of the fields that say that they were changed."""
    fields = re.findall(r'<em class="departs" data-departs>.*?name="([^"]+)"', text, re.S)
    return set(fields)


def field(text: str, name: str) -> str | None:
    found = re.search(rf'<input[^>]* name="{name}"[^>]*>', text)[0]
    given = re.search(r' value="([^"]*)"', found)
    return given and given[1]


def test_three_cards_with_their_own_costs(signed_in, dataset):
    text = body(signed_in.get(f"/runs/new/?dataset={dataset.id}"))
    assert tuple(values(text)) == NAMES
    assert chosen(text) == "balanced"
    assert values(text)["balanced"] == {}
    sizes = re.findall(r"data-size>([^<]+)<", text)
    assert len(set(sizes)) == 3
    assert all("parameters" in size and "MB" in size for size in sizes)
    assert departing(text) == set()
    assert 'value=""' not in re.search(r"<input[^>]*network.hidden_size[^>]*>", text)[0]


def test_every_task_has_them(signed_in, make, alice):
    table = make.table(alice.personal_team)
    rows = "".join(f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 24}\n" for n in range(480))
    series = make.table(alice.personal_team, name="load.csv", text="hour,load\n" + rows)
    for one, kind in ((table, "classification"), (table, "seq2seq"), (table, "conditional_generation"),
                      (series, "forecasting")):  # fmt: skip
        text = body(signed_in.get(f"/runs/new/?dataset={one.id}&task={kind}"))
        assert tuple(values(text)) == NAMES, kind
        assert {*values(text)["quick"]} == {*presets.DECIDED}


def test_every_value_lies_in_a_field_that_is_emptied_when_another_is_chosen(dataset):
    form = RecipeForm(dataset.version, Dataset.objects.none())
    for given in form.presets.values():
        assert {*given} <= {*presets.DECIDED} <= {*form.fields}


def test_one_fills_the_form_and_what_is_edited_then_says_so(signed_in, dataset):
    text = body(signed_in.get(f"/runs/new/?dataset={dataset.id}&preset=quick"))
    quick = values(text)["quick"]
    assert chosen(text) == "quick"
    assert {name: field(text, name) for name in quick} == quick
    assert departing(text) == set()
    given = {"dataset": dataset.id, "preset": "quick", **quick, "network.hidden_size": "96", "network.dropout": "2"}
    text = body(signed_in.post("/runs/new/", given))
    assert departing(text) == {"network.hidden_size", "network.dropout"}
    assert field(text, "network.hidden_size") == "96"


def test_without_a_script_a_button_fills_the_form_and_starts_nothing(signed_in, dataset):
    from webapp.runs.models import Run

    given = {"dataset": dataset.id, "preset": "thorough", "fill": "yes", "training.batch_size": "7",
             "training.max_minutes": "3"}  # fmt: skip
    response = signed_in.post("/runs/new/", given)
    text = body(response)
    assert response.status_code == 200
    assert field(text, "network.hidden_size") == values(text)["thorough"]["network.hidden_size"]
    assert field(text, "training.batch_size") == "7"
    assert not field(text, "training.max_minutes"), "of another preset"
    assert not Run.objects.exists()


def test_the_costs_follow_the_other_fields(signed_in, dataset):
    def figures(**given):
        text = body(signed_in.post("/runs/new/estimate/", {"dataset": dataset.id, "preset": "quick", **given}))
        return json.loads(re.search(r'id="form-facts"[^>]*>(.*?)</script>', text, re.S)[1])["presets"]

    plain, wide = figures(), figures(**{"network.num_layers": "3"})
    assert "3 layers" in wide["quick"]["words"]
    assert plain["thorough"]["size"] != wide["thorough"]["size"]
    assert figures(**{"network.hidden_size": "999"}) == plain, "each card has its own"
    assert figures(**{"network.tied": "true", "network.embedding_size": "24"})["quick"]["time"] == "–"


def test_a_run_that_was_made_from_one_is_shown_as_one(dataset):
    quick = RecipeForm(dataset.version, Dataset.objects.none()).presets["quick"]
    assert RecipeForm(dataset.version, Dataset.objects.none(), quick).preset == "quick"
    other = RecipeForm(dataset.version, Dataset.objects.none(), {**quick, "network.hidden_size": "99"})
    assert other.preset == "balanced"
    assert RecipeForm(dataset.version, Dataset.objects.none(), {"preset": "<b>"}).preset == "balanced"


def test_data_that_cannot_serve_the_task_have_none(make, alice):
    dataset = make.table(alice.personal_team)
    form = RecipeForm(dataset.version, Dataset.objects.none(), {"task.kind": "language_model"})
    form.is_valid()
    assert form.cards() == []


def test_ends_are_as_exact_as_somebody_plans_them():
    assert [presets.plain(limit) for limit in (58.8235, 30, 0.05, 1500)] == ["58.8", "30", "0.05", "1,500"]
