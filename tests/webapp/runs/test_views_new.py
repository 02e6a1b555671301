"""The new-run page, its estimate and the start."""

import json
import re

import pytest

from rnncore.recipe import Recipe
from webapp.datasets import made
from webapp.runs.models import Run
from webapp.teams.models import Membership


def body(response) -> str:
    return response.content.decode()


def facts(response) -> dict:
    return json.loads(re.search(r'id="form-facts"[^>]*>(.*?)</script>', body(response), re.S)[1])


def test_without_a_dataset_one_is_chosen(signed_in, dataset, make, alice):
    make.dataset(alice.personal_team, name="broken.txt", status="failed")
    text = body(signed_in.get("/runs/new/"))
    assert f'href="/runs/new/?dataset={dataset.id}"' in text
    assert "broken.txt" not in text


def test_with_none_to_choose_the_way_to_one(signed_in):
    assert "Nothing to train on yet" in body(signed_in.get("/runs/new/"))


def test_what_is_chosen_from_says_how_much_it_is(signed_in, make, alice):
    make.dataset(alice.personal_team, name="foxes.txt")
    assert re.search(
        r"foxes\.txt</span>\s*<span[^>]*>[\d,]+ characters, \d+ different<", body(signed_in.get("/runs/new/"))
    )


def test_the_form_offers_what_fits_the_text(signed_in, dataset):
    response = signed_in.get(f"/runs/new/?dataset={dataset.id}")
    text = body(response)
    assert "8,800 characters" in text
    assert re.search(r'name="network.hidden_size"[^>]* placeholder="\d+"', text)
    assert '<option value="" selected>LSTM (default)</option>' in text
    assert 'name="network.bidirectional"' not in text  # nothing that could not work
    assert "rnncore train foxes.toml --data foxes.txt --out runs/foxes" in text
    assert text.count('<details class="fold"') == 6
    assert '<svg class="step"' in text


def test_every_input_has_a_label_and_its_help(signed_in, dataset):
    text = body(signed_in.get(f"/runs/new/?dataset={dataset.id}"))
    for name in re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', text):
        assert f'for="{name}"' in text
    for reference in re.findall(r'aria-describedby="([^"]+)"', text):
        for one in reference.split():
            assert f'id="{one}"' in text


def test_a_dataset_that_is_not_read_yet_shows_how_far_it_is(signed_in, make, alice):
    dataset = make.dataset(alice.personal_team, status="processing")
    assert signed_in.get(f"/runs/new/?dataset={dataset.id}").headers["Location"] == f"/datasets/{dataset.id}/"


def test_train_queues_a_run(signed_in, dataset, valkey):
    response = signed_in.post("/runs/new/", {"dataset": dataset.id, "name": "first", "training.max_steps": "20"})
    run = Run.objects.get()
    assert response.headers["Location"] == f"/runs/{run.id}/"
    assert (run.name, run.status, run.version.dataset) == ("first", "queued", dataset)
    assert run.recipe == {"task": {"kind": "language_model"}, "training": {"max_steps": 20}}
    assert run.filled["training"]["max_steps"] == 20


def test_a_text_of_its_own_to_validate_on(signed_in, dataset, make, alice, valkey):
    other = make.read(alice.personal_team, name="other.txt", text="the dog jumps over the fox\n" * 99)
    given = {"dataset": dataset.id, "valid": other.id}
    assert "--valid other.txt" in body(signed_in.post("/runs/new/estimate/", given))
    signed_in.post("/runs/new/", given)
    assert Run.objects.get().valid_version == other.version


def test_somebody_elses_text_is_no_choice(signed_in, dataset, make, charlie):
    theirs = make.read(charlie.personal_team, name="theirs.txt")
    response = signed_in.post("/runs/new/", {"dataset": dataset.id, "valid": theirs.id})
    assert response.status_code == 422
    assert "theirs.txt" not in body(response)
    assert not Run.objects.exists()


def test_what_is_wrong_is_shown_at_the_field_and_nothing_is_lost(signed_in, dataset):
    given = {"dataset": dataset.id, "network.dropout": "<b>", "training.batch_size": "13"}
    response = signed_in.post("/runs/new/", given)
    text = body(response)
    assert response.status_code == 422
    assert "&lt;b&gt;" in text
    assert "<b>&#x27;" not in text
    assert re.search(r'value="13"[^>]* id="id_training.batch_size"', text)
    assert re.search(r'name="network.dropout"[^>]* aria-invalid="true"', text)
    assert '<details class="fold" id="topic-network" open>' in text  # where the field is
    assert '<details class="fold" id="topic-samples">' in text
    assert not Run.objects.exists()


def test_the_estimate_follows_what_is_typed(signed_in, dataset):
    small = signed_in.post("/runs/new/estimate/", {"dataset": dataset.id, "network.hidden_size": "32"})
    large = signed_in.post("/runs/new/estimate/", {"dataset": dataset.id, "network.hidden_size": "1024"})
    assert small.status_code == large.status_code == 200
    parameters = [re.search(r'id="plan-parameters">([^<]+)<', body(answer))[1] for answer in (small, large)]
    assert parameters[0].endswith("k")
    assert parameters[1].endswith("M")
    assert "<html" not in body(small)
    assert 'hx-swap-oob="innerHTML"' in body(small)


def test_more_memory_than_there_is_is_said(signed_in, dataset, monkeypatch):
    monkeypatch.setattr("webapp.workers.memory", {"cpu": 10**9, "auto": None}.__getitem__)
    given = {"dataset": dataset.id, "network.hidden_size": "4096", "training.device": "cpu"}
    assert "the largest machine here has" in body(signed_in.post("/runs/new/estimate/", given))
    for other in ({"network.hidden_size": "32"}, {"training.device": "auto"}):
        assert "More memory" not in body(signed_in.post("/runs/new/estimate/", given | other))


def test_the_estimate_brings_errors_for_their_fields(signed_in, dataset):
    answer = signed_in.post("/runs/new/estimate/", {"dataset": dataset.id, "network.num_layers": "-1"})
    assert answer.status_code == 200
    assert facts(answer)["errors"] == {"network.num_layers": "Must be at least 1, not -1."}
    assert "Mend the marked field" in body(answer)
    assert 'id="plan-time">–<' in body(answer)


def test_the_drawing_shows_the_text_escaped(signed_in, make, alice):
    dataset = make.read(alice.personal_team, text="<&>\"'" * 400)
    answer = body(signed_in.post("/runs/new/estimate/", {"dataset": dataset.id, "training.batch_size": "3"}))
    assert ">&lt;</text>" in answer
    assert "><</text>" not in answer
    assert "3 streams of" in answer


def test_the_recipe_can_be_taken_to_a_terminal(signed_in, dataset, tmp_path):
    response = signed_in.post("/runs/new/recipe/", {"dataset": dataset.id, "network.hidden_size": "48"})
    assert response.headers["Content-Disposition"] == 'attachment; filename="foxes.toml"'
    path = tmp_path / "foxes.toml"
    path.write_bytes(response.content)
    recipe = Recipe.load(path)
    assert recipe.network.hidden_size == 48
    assert recipe.training.batch_size is not None  # filled in: the same run anywhere
    assert signed_in.post("/runs/new/recipe/", {"dataset": dataset.id, "network.cell": "no"}).status_code == 422


def test_the_command_survives_odd_names(signed_in, make, alice):
    dataset = make.read(alice.personal_team, name="it's; rm -rf ~ 😀.txt")
    text = body(signed_in.get(f"/runs/new/?dataset={dataset.id}"))
    assert "--data &#x27;it&#x27;&quot;&#x27;&quot;&#x27;s; rm -rf ~ 😀.txt&#x27;" in text


def test_an_outsider_gets_nothing_a_viewer_may_not(client, dataset, bob, charlie):
    client.force_login(charlie)
    assert client.get(f"/runs/new/?dataset={dataset.id}").status_code == 404
    for path in ("/runs/new/", "/runs/new/estimate/", "/runs/new/recipe/"):
        assert client.post(path, {"dataset": dataset.id}).status_code == 404
    Membership.objects.filter(user=bob).exclude(team__personal_of=bob).update(role="viewer")
    client.force_login(bob)
    assert client.get(f"/runs/new/?dataset={dataset.id}").status_code == 403
    assert client.post("/runs/new/", {"dataset": dataset.id}).status_code == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("kind", made.KINDS)
def test_made_data_arrive_as_the_task_that_they_were_made_for(signed_in, make, alice, tmp_path, kind):
    asked = made.checked(kind, 2_000 if kind == "grammar" else 200, 1)
    made.write(asked, tmp_path / asked.filename)
    dataset = make.read(alice.personal_team, name=asked.filename, text=(tmp_path / asked.filename).read_text())
    dataset.synthetic = made.facts(asked)
    dataset.save()
    response = signed_in.get(f"/runs/new/?dataset={dataset.id}")
    assert response.context["kind"] == asked.choice.task
    assert response.context["form"].errors == {}
    assert '<svg class="step' in body(response)
    assert all(card["size"] for card in response.context["cards"])


def test_fields_speak_of_what_the_task_reads(signed_in, dataset, make, alice):
    table = make.table(alice.personal_team)
    for one, unit in ((dataset, "streams"), (table, "records")):
        text = body(signed_in.get(f"/runs/new/?dataset={one.id}"))
        assert re.search(rf'name="training.batch_size".*?<span class="unit"[^>]*>{unit}</span>', text, re.S)


def test_records_are_drawn_escaped(signed_in, make, alice):
    rows = "".join(f"<b>{n}&,<i>{n % 2}\n" for n in range(60))
    table = make.table(alice.personal_team, text="text,label\n" + rows)
    text = body(signed_in.get(f"/runs/new/?dataset={table.id}"))
    assert '<svg class="step"' in text
    assert "<i>" not in text
    assert "&lt;i&gt;" in text
