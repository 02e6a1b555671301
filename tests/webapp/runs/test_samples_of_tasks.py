"""What a run of any task states is kept and told to the letter, and taken along when it becomes a model."""

from __future__ import annotations

import json

import pytest

from rnncore import events
from tests.webapp.runs.events import feed as as_feed
from webapp.models import services as models
from webapp.models.playground import inputs, labels
from webapp.models.readme import markdown
from webapp.models.selectors import report_of as report_of_model
from webapp.runs import feed, selectors
from webapp.runs.models import Run
from webapp.runs.store import folder

pytestmark = pytest.mark.django_db

EXAMPLE = events.Example(step=20, source="who? <b>", output="human (91%)", reference="human")
WRITTEN = events.Written(step=20, label="waltz\u2028", temperature=0.8, text="[M:3/4]\nGBd|")
FORECASTED = events.Forecasted(
    step=20, name="OT", times=["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00"], history=[1.0, float("nan")],
    truth=[2.5], quantiles={"0.1": [1.0], "0.5": [2.0], "0.9": [3.5]},
)  # fmt: skip
SAMPLES = {
    "classification": EXAMPLE, "regression": EXAMPLE, "tagging": EXAMPLE, "seq2seq": EXAMPLE,
    "conditional_generation": WRITTEN, "forecasting": FORECASTED,
}  # fmt: skip
SHAPES = {
    "classification": {"text_column": "word"}, "regression": {"text_column": "word"},
    "tagging": {"text_column": "word"}, "seq2seq": {"source_column": "word"},
    "conditional_generation": {"text_column": "word"},
    "forecasting": {"value_columns": ["OT"], "known_columns": ["load"], "time_column": "hour"},
}  # fmt: skip


@pytest.fixture(params=SAMPLES)
def run(request, make, alice):
    """A run of each task with a sample of its shape, an evaluation, a checkpoint and a report."""
    run = make.run(alice.personal_team, dataset=make.table(alice.personal_team), status="finished")
    recipe = {"task": {"kind": request.param, **SHAPES[request.param]}}
    Run.objects.filter(id=run.id).update(recipe=recipe, filled=recipe)
    run.refresh_from_db()
    metric = run.task.metric
    stated = [
        events.Baseline(step=0, name="nothing", loss=float("nan"), metrics={metric: 0.25}),
        events.Baseline(step=0, name="copy", loss=float("nan"), metrics={metric: 0.5}),
        events.Evaluated(step=20, split="valid", loss=0.7, metrics={metric: 0.75, "mse": float("inf")}),
        SAMPLES[request.param],
    ]
    make.events(run, *({k: v for k, v in event.items() if k not in ("seq", "at")} for event in as_feed(*stated)))
    make.checkpoint(run, 20, best=True)
    make.checkpoint(run, 30)
    reports = folder(run.id) / "out" / "reports"
    reports.mkdir()
    (reports / "valid.json").write_text(json.dumps({"kind": request.param, "worst": []}))
    return run


def test_events_are_told_to_the_letter(run, client, alice, token):
    kind = run.kind
    (stated,) = as_feed(SAMPLES[kind])
    own = {name: value for name, value in stated.items() if name not in ("seq", "at")}
    headers = {"Authorization": f"Bearer {token(alice)}"}
    told = client.get(f"/api/v1/runs/{run.id}/events", headers=headers).json()["events"]
    (sample,) = [event for event in told if event["kind"] == "sampled"]
    assert {name: value for name, value in sample.items() if name not in ("seq", "at")} == own
    client.force_login(alice)
    facts = client.get(f"/runs/{run.id}/history?width=100").json()["facts"]
    assert [fact for fact in facts if fact["kind"] == "sampled"] == [sample]
    assert feed.samples(run) == [sample]


def test_the_row_has_the_figures_of_its_task(run, client, alice):
    assert run.best["metrics"][run.task.metric] == 0.75
    assert run.best["metrics"]["mse"] is None
    assert run.figure.value == 0.75
    client.force_login(alice)
    page = client.get(f"/runs/{run.id}/")
    assert page.status_code == 200
    boot = page.context["boot"]
    assert (boot["task"], boot["headline"], boot["reports"]) == (run.kind, run.task.metric, ["valid"])
    assert boot["metrics"][run.task.metric]["higher"] == run.task.higher
    assert boot["loss_unit"]
    assert client.get(boot["urls"]["report"]).json() == {"kind": run.kind, "worst": []}
    assert client.get(boot["urls"]["report"] + "?split=test").status_code == 404
    assert client.get(boot["urls"]["report"] + "?split=../x").status_code == 404
    for url in ("/runs/", "/", f"/datasets/{run.version.dataset_id}/"):
        assert client.get(url).status_code == 200


def test_reports_are_seen_by_those_who_see_the_run(run, client, bob, charlie, token, alice):
    for user, status in ((bob, 200), (charlie, 404)):
        headers = {"Authorization": f"Bearer {token(user)}"}
        assert client.get(f"/api/v1/runs/{run.id}/report", headers=headers).status_code == status
        client.force_login(user)
        assert client.get(f"/runs/{run.id}/report").status_code == status
    headers = {"Authorization": f"Bearer {token(alice)}"}
    assert client.get(f"/api/v1/runs/{run.id}/report?split=test", headers=headers).status_code == 404
    wrong = client.get(f"/api/v1/runs/{run.id}/report?split=train", headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "split")


def test_a_model_takes_them_along(run, client, alice, bob, charlie, token):
    model = models.publish(user=alice, run=run, name="mine")
    assert report_of_model(model.newest, "valid") == {"kind": run.kind, "worst": []}
    assert report_of_model(model.newest, "test") is None
    assert model.figure.value == 0.75
    assert model.newest.baseline["name"] == ("copy" if run.task.higher else "nothing"), (
        "the strongest by the task's figure"
    )
    sample = model.newest.card["samples"][0]
    assert {"source", "label", "history"} & sample.keys()
    models.update(user=alice, model=model, card={**model.newest.card, "description": "sent back"})
    for user, status in ((bob, 200), (charlie, 404)):
        headers = {"Authorization": f"Bearer {token(user)}"}
        assert client.get(f"/api/v1/models/{model.id}/report?split=valid", headers=headers).status_code == status
    last = models.publish(user=alice, run=run, checkpoint="last", name="last")
    assert report_of_model(last.newest, "valid") is None, "it speaks of the best checkpoint alone"


def test_a_models_page_and_readme_say_how_to_use_it(run, client, alice):
    model = models.publish(user=alice, run=run, name="mine")
    client.force_login(alice)
    page = client.get(f"/models/{model.id}/")
    assert page.status_code == 200
    shown = page.context
    assert [row["name"] for row in shown["baselines"]] == [
        "this model",
        *(["copy", "nothing"] if run.task.higher else ["nothing", "copy"]),
    ]
    asked = f"/api/v1/models/{model.id}/" + ("predict" if run.task.predicts else "generate") + "?version=1"
    assert (shown["predict"] or shown["generate"]) == asked
    assert None in (shown["predict"], shown["generate"])
    assert shown["reports"] == ["valid"]
    readme = markdown(model.newest)
    assert ("rnncore predict" if run.task.predicts else "rnncore generate . --label NAME") in readme
    if run.kind != "forecasting":
        assert "## What it writes" in readme
    _, path = models.share(user=alice, model=model)
    client.logout()
    shared = client.get(path)
    assert shared.status_code == 200
    assert (shared.context["predict"] or shared.context["generate"]).startswith(path)


def test_what_an_input_is_is_told(run, alice):
    model = models.publish(user=alice, run=run, name="mine")
    told = inputs(model.newest)
    if run.kind == "forecasting":
        assert told == {"kind": "series", "columns": ["OT", "load", "hour"], "example": [1.0, None]}
    else:
        assert (told["kind"], told["columns"]) == ("tokens" if run.kind == "tagging" else "text", ["word"])
    conditional = {"conditions": [{"kind": "number"}, {"labels": ["waltz"]}]}
    network = conditional if run.kind == "conditional_generation" else {"labels": ["a", "b"]}
    (models.folders.folder_of(model.newest.id) / "network.json").write_text(json.dumps(network))
    assert labels(model.newest) == (["waltz"] if run.kind == "conditional_generation" else ["a", "b"])


def test_checkpoints_of_a_task_are_published_whole(run, alice):
    point = selectors.checkpoints(run)[0]
    (point.folder / "scales.json").write_text("{}")
    model = models.publish(user=alice, run=run, name="mine")
    names = {path.name for path in models.folders.files(model.newest.id)}
    assert "scales.json" in names, "whatever a task keeps beside its weights"
    assert not {"state.json", "state.safetensors"} & names
