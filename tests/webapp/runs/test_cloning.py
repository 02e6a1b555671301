"""A clone: the new-run form filled with a run's recipe, data and weights, what changes marked; weights in the form."""

from __future__ import annotations

import html
import json
import re

import pytest

from webapp.models.services import publish
from webapp.runs import services
from webapp.runs.models import Run
from webapp.runs.store import folder
from webapp.teams.models import Membership, Role

pytestmark = pytest.mark.django_db
RECIPE = {
    "task": {"kind": "language_model"},
    "network": {"hidden_size": 24, "cell": "gru", "num_layers": 1, "embedding_size": 8},
    "training": {"max_steps": 40, "learning_rate": 0.01, "device": "cpu"},
    "sampling": {"prompts": ["the ", "a\n"]},
}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr("webapp.runs.services.wake", lambda *_: None)


@pytest.fixture
def run(alice, make):
    team = alice.personal_team
    valid = make.read(team, name="valid.txt")
    return services.start(
        user=alice, team=team, dataset=make.read(team), valid=valid, recipe=RECIPE, name="foxes & <b>hens</b>"
    )


@pytest.fixture
def model(alice, make, run):
    """Published from a run of the same recipe; it has no weights that mean anything."""
    make.checkpoint(run, 40, best=True)
    path = folder(run.id) / "out/checkpoints/step-00000040"
    (path / "recipe.json").write_text(json.dumps(run.filled))
    (path / "network.json").write_text(json.dumps({"task": "language_model", "vocabulary_size": 28}))
    return publish(user=alice, run=run, name="hens")


def value(page: str, name: str) -> str:
    """What stands in a field."""
    if found := re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page):
        return html.unescape((re.search(r'value="([^"]*)"', found[0]) or ["", ""])[1])
    if area := re.search(rf'<textarea[^>]*name="{re.escape(name)}"[^>]*>\s*([^<]*)</textarea>', page):
        return html.unescape(area[1])
    select = re.search(rf'<select[^>]*name="{re.escape(name)}".*?</select>', page, re.S)[0]
    return (re.search(r'value="([^"]*)" selected', select) or ["", ""])[1]


def test_the_form_has_the_recipe_and_the_data(as_, alice, run):
    page = as_(alice).get(f"/runs/new/?from={run.id}", follow=True).content.decode()
    assert value(page, "dataset") == run.version.dataset_id
    assert value(page, "valid") == run.valid_version.dataset_id
    for name, wanted in (
        ("network.hidden_size", "24"), ("network.cell", "gru"), ("training.max_steps", "40"),
        ("training.learning_rate", "0.01"), ("sampling.prompts", "the \na\\n"), ("from", run.id),
        ("network.dropout", ""),
    ):  # fmt: skip
        assert value(page, name) == wanted, name
    assert "A clone of" in page and "<b>hens</b>" not in page
    assert 'name="preset"' not in page


def marked(page: str) -> set[str]:
    """The fields that the page says were changed."""
    parts = re.findall(r'id="(id_[\w.]+)_helptext">.*?<em class="departs" data-departs( hidden)?>([^<]*)', page, re.S)
    return {(name.removeprefix("id_"), words.strip()) for name, hidden, words in parts if not hidden}


def test_what_is_changed_is_marked_with_what_it_was(as_, alice, run):
    client = as_(alice)
    page = client.get(f"/runs/new/?from={run.id}", follow=True).content.decode()
    assert marked(page) == set()
    body = {"dataset": run.version.dataset_id, "from": run.id, "network.hidden_size": "0", "network.cell": "gru",
            "network.num_layers": "1", "network.embedding_size": "8", "training.max_steps": "40",
            "training.learning_rate": "0.02", "training.device": "cpu", "network.dropout": "0.3",
            "sampling.prompts": "the \na\\n"}  # fmt: skip
    page = client.post("/runs/new/", body).content.decode()
    assert marked(page) == {
        ("network.hidden_size", "changed, was 24"), ("training.learning_rate", "changed, was 0.01"),
        ("network.dropout", "changed, was left open"),
    }  # fmt: skip


def test_it_trains_what_the_form_says(as_, alice, run):
    client = as_(alice)
    body = {"dataset": run.version.dataset_id, "from": run.id, "network.hidden_size": "32", "training.max_steps": "40"}
    answer = client.post("/runs/new/", body)
    new = Run.objects.exclude(id=run.id).get()
    assert (answer.status_code, answer.url) == (302, f"/runs/{new.id}/")
    assert new.recipe["network"] == {"hidden_size": 32}
    assert new.origin == {}


def test_the_old_address_of_a_dataset_stays(as_, alice, run):
    assert as_(alice).get(f"/runs/new/?dataset={run.version.dataset_id}").status_code == 200


def test_who_may_clone(as_, bob, charlie, run):
    assert as_(charlie).get(f"/runs/new/?from={run.id}").status_code == 404
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    assert as_(bob).get(f"/runs/new/?from={run.id}", follow=True).status_code == 403


def test_a_made_up_run(as_, alice):
    for run_id in ("nothing", "x" * 500, "%00"):
        assert as_(alice).get(f"/runs/new/?from={run_id}").status_code == 404


class TestWeights:
    def test_models_of_the_task_are_offered(self, as_, alice, make, run, model):
        client = as_(alice)
        page = client.get(f"/runs/new/?dataset={run.version.dataset_id}").content.decode()
        assert f'value="model:{model.id}:1"' in page and "hens, version 1" in page
        table = make.table(alice.personal_team)
        page = client.get(f"/runs/new/?dataset={table.id}&task=classification").content.decode()
        assert f"model:{model.id}" not in page

    def test_one_that_is_chosen_decides_the_network(self, as_, alice, run, model):
        dataset = run.version.dataset_id
        page = as_(alice).get(f"/runs/new/?dataset={dataset}&start=model:{model.id}:1").content.decode()
        assert value(page, "start") == f"model:{model.id}:1"
        assert re.search(r'name="network.hidden_size"[^>]*placeholder="24"', page) or re.search(
            r'placeholder="24"[^>]*name="network.hidden_size"', page
        )
        assert 'name="preset"' not in page

    def test_a_models_page_leads_to_the_data_that_it_can_be_trained_on(self, as_, alice, bob, make, run, model):
        publish(user=alice, run=run, model=model)
        table, client = make.table(alice.personal_team), as_(alice)
        page = client.get(f"/models/{model.id}/?version=1").content.decode()
        address = html.unescape(re.search(r'id="model-train" href="([^"]+)"', page)[1])
        assert address == f"/runs/new/?start=model:{model.id}:1"
        chooser = html.unescape(client.get(address).content.decode())
        assert "weights of hens (model, version 1). Only data that can be used for language model" in chooser
        assert f"?dataset={table.id}" not in chooser
        form = re.search(rf'href="([^"]+dataset={run.version.dataset_id}[^"]+)"', chooser)[1]
        page = client.get(form).content.decode()
        assert value(page, "start") == f"model:{model.id}:1"
        assert 'name="task.pooling"' not in page
        Membership.objects.filter(user=bob, team=alice.personal_team).update(role=Role.VIEWER)
        assert "model-train" not in as_(bob).get(f"/models/{model.id}/").content.decode()

    def test_where_no_data_fits_the_weights_it_says_so(self, as_, alice, make, model):
        client = as_(alice)
        for dataset in make.read(alice.personal_team)._meta.model.objects.all():
            dataset.versions.update(status="failed")
        assert "No data here fits these weights" in client.get(f"/runs/new/?start=model:{model.id}:1").content.decode()
        for key in ("model:nothing:1", f"model:{model.id}:7", "run:x:1", "::"):
            assert client.get("/runs/new/", {"start": key}).status_code == 404, key

    def test_data_to_choose_from_costs_no_query_each(self, as_, alice, make, model, django_assert_max_num_queries):
        client, address = as_(alice), f"/runs/new/?start=model:{model.id}:1"
        client.get(address)
        with django_assert_max_num_queries(20) as few:
            client.get(address)
        for _ in range(5):
            make.read(alice.personal_team)
            make.table(alice.personal_team)
        with django_assert_max_num_queries(len(few)):
            client.get(address)

    def test_a_run_starts_from_it(self, as_, alice, run, model):
        body = {"dataset": run.version.dataset_id, "start": f"model:{model.id}:1", "training.max_steps": "9"}
        answer = as_(alice).post("/runs/new/", body)
        assert answer.status_code == 302, marked(answer.content.decode())
        new = Run.objects.exclude(id=run.id).get()
        assert new.from_version_id == model.newest_id
        assert new.filled["network"]["hidden_size"] == 24
        page = as_(alice).get(answer.url).content.decode()
        assert "Started from" in page and f'href="/models/{model.id}/?version=1"' in page
        assert "--weights hens" in page
        again = as_(alice).get(f"/runs/new/?from={new.id}", follow=True).content.decode()
        assert value(again, "start") == f"model:{model.id}:1"

    def test_what_does_not_fit_stands_at_its_field(self, as_, alice, run, model):
        body = {"dataset": run.version.dataset_id, "start": f"model:{model.id}:1", "network.hidden_size": "32"}
        answer = as_(alice).post("/runs/new/", body)
        assert answer.status_code == 422
        assert "The weights have 24, not 32; leave it out." in answer.content.decode()
        filled = as_(alice).post("/runs/new/", body | {"fill": "yes"})
        assert filled.status_code == 200
        assert value(filled.content.decode(), "network.hidden_size") == ""
        assert Run.objects.count() == 1

    @pytest.mark.parametrize("key", ["model:nothing:1", "model:{model}:7", "run:{run}:41", "nonsense", "model:", "::"])
    def test_what_is_not_there_is_said_at_the_field(self, as_, alice, run, model, key):
        key = key.format(model=model.id, run=run.id)
        answer = as_(alice).post("/runs/new/", {"dataset": run.version.dataset_id, "start": key})
        assert answer.status_code == 422
        assert Run.objects.count() == 1

    def test_a_checkpoint_of_a_run(self, as_, alice, run, model):
        client, key = as_(alice), f"run:{run.id}:40"
        page = client.get(f"/runs/new/?from={run.id}&start={key}", follow=True).content.decode()
        assert value(page, "start") == key and "step 40" in page
        body = {"dataset": run.version.dataset_id, "start": key, "training.max_steps": "9"}
        assert client.post("/runs/new/", body).status_code == 302
        new = Run.objects.exclude(id=run.id).get()
        assert (new.from_run_id, new.origin["how"], new.origin["step"]) == (run.id, "weights", 40)
        assert f'href="/runs/{run.id}/"' in client.get(f"/runs/{new.id}/").content.decode()
        services.delete(user=alice, run=run)
        page = client.get(f"/runs/{new.id}/").content.decode()
        assert "(deleted)" in page and f'href="/runs/{run.id}/"' not in page

    def test_its_card_says_what_it_began_with(self, as_, alice, make, run, model):
        body = {"dataset": run.version.dataset_id, "start": f"model:{model.id}:1", "training.max_steps": "9"}
        as_(alice).post("/runs/new/", body)
        new = Run.objects.exclude(id=run.id).get()
        make.checkpoint(new, 9, best=True)
        card = publish(user=alice, run=new, name="chicks").newest.facts
        assert card["training"]["began"] == "started from hens, version 1, step 40"
