"""The page of a run's checkpoints: what it says of them, what it offers to whom, the download."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from webapp.runs.checkpoints import rows
from webapp.runs.models import Run
from webapp.teams.models import Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(alice, make):
    row = make.trained(alice.personal_team)
    full = {
        "learning_rate": 0.1,
        "seconds": 1,
        "epoch": 0.1,
        "grad_norm": 1,
        "tokens_per_second": 9,
        "remaining_seconds": 1,
    }
    make.events(row, {"kind": "progress", "step": 40, "loss": 1.25, **full})
    make.checkpoint(row, 40)
    make.checkpoint(row, 90)
    return row


def test_what_is_known_of_each(run):
    found = rows(run)
    assert [(row.point.step, row.loss, row.split) for row in found] == [
        (90, None, "train"), (40, 1.25, "train"), (20, 1.7, "valid"), (10, 1.5, "valid"),
    ]  # fmt: skip
    assert [row.point.step for row in found if row.point.best] == [10]
    assert found[0].at is not None and found[0].bytes > found[0].point.bytes > 0


def test_losses_that_were_taken_back_are_not_told(run, make):
    make.events(run, {"kind": "rewound", "step": 10})
    assert [row.loss for row in rows(run)] == [None, None, None, 1.5]


def test_the_page(as_, alice, run):
    page = as_(alice).get(f"/runs/{run.id}/checkpoints/").content.decode()
    for text in (
        "Step 90",
        "best",
        "newest",
        "1.5000",
        "1.2500",
        "training loss",
        "nothing measured",
        "Which are kept",
    ):
        assert text in page, text
    assert run.name in page
    assert f'href="/runs/{run.id}/continue/?checkpoint=10"' in page
    assert f'href="/runs/{run.id}/publish/?checkpoint=10"' in page
    sha = rows(run)[0].point.sha256
    assert sha in page


def test_the_fragment_is_the_list_alone(as_, alice, run):
    page = as_(alice).get(f"/runs/{run.id}/checkpoints/", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and "Step 90" in page


def test_it_counts_no_query_a_row(as_, alice, run, make, django_assert_max_num_queries):
    client = as_(alice)
    with django_assert_max_num_queries(20) as few:
        client.get(f"/runs/{run.id}/checkpoints/")
    for step in range(100, 130):
        make.checkpoint(run, step)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(f"/runs/{run.id}/checkpoints/")


def test_one_without_any_says_when(as_, alice, make):
    waiting, ended = make.run(alice.personal_team), make.run(alice.personal_team, status="stopped")
    assert b"before the first step" in as_(alice).get(f"/runs/{waiting.id}/checkpoints/").content
    assert b"ended before" in as_(alice).get(f"/runs/{ended.id}/checkpoints/").content


def test_who_only_looks_on_is_offered_only_the_download(as_, alice, bob, charlie, run):
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    page = as_(bob).get(f"/runs/{run.id}/checkpoints/").content.decode()
    assert ".zip" in page and "/continue/" not in page and "/publish/" not in page
    assert as_(bob).get(f"/runs/{run.id}/continue/").status_code == 403
    for path in ("checkpoints/", "checkpoints/10.zip", "continue/", "continue/estimate/?more=1"):
        assert as_(charlie).get(f"/runs/{run.id}/{path}").status_code == 404


def unzipped(answer) -> zipfile.ZipFile:
    async def read() -> bytes:
        return b"".join([block async for block in answer.streaming_content])

    return zipfile.ZipFile(io.BytesIO(async_to_sync(read)()))


def test_the_download_is_a_model(as_, alice, run, token):
    answer = as_(alice).get(f"/runs/{run.id}/checkpoints/10.zip")
    assert "attachment" in answer["Content-Disposition"] and "step-10.zip" in answer["Content-Disposition"]
    archive = unzipped(answer)
    assert set(archive.namelist()) == {"model.safetensors", "network.json", "tokenizer.json", "recipe.json"}
    assert archive.read("model.safetensors") == b"weights of step 10"
    assert as_(alice).get(f"/runs/{run.id}/checkpoints/11.zip").status_code == 404
    headers = {"authorization": f"Bearer {token(alice)}"}
    by_rest = Client().get(f"/api/v1/runs/{run.id}/checkpoints/10/download", headers=headers)
    assert set(unzipped(by_rest).namelist()) == set(archive.namelist())


class TestContinueDialog:
    @pytest.fixture
    def ended(self, alice, make):
        row = make.trained(alice.personal_team)
        filled = {
            "task": {"kind": "language_model", "tokens": "char", "documents": "none"},
            "network": {"cell": "lstm", "hidden_size": 8, "num_layers": 1, "embedding_size": 4, "dropout": 0.0},
            "training": {
                "max_epochs": 2.0,
                "patience": 3,
                "batch_size": 4,
                "sequence_length": 16,
                "learning_rate": 0.1,
            },
        }
        Run.objects.filter(id=row.id).update(filled=filled, recipe=filled)
        row.refresh_from_db()
        from webapp.runs.store import folder

        for name in ("recipe.json", "resolved.json", "events.jsonl"):
            (folder(row.id) / "out" / name).write_text("{}")
        return row

    def test_it_offers_as_many_again(self, as_, alice, ended):
        page = as_(alice).get(f"/runs/{ended.id}/continue/").content.decode()
        assert 'value="20"' in page and "To step 40" in page and "step 20" in page

    def test_from_an_earlier_one(self, as_, alice, ended):
        page = as_(alice).get(f"/runs/{ended.id}/continue/?checkpoint=10").content.decode()
        assert 'value="10"' in page and "To step 20" in page

    def test_the_estimate_follows_the_number(self, as_, alice, ended):
        ask = lambda more: as_(alice).get(f"/runs/{ended.id}/continue/estimate/?checkpoint=20&more={more}").content  # noqa: E731
        assert b"To step 25" in ask(5)
        assert b"whole number" in ask("many")
        assert b"whole number" in ask("")

    def test_it_starts_a_run_of_its_own(self, as_, alice, ended):
        answer = as_(alice).post(f"/runs/{ended.id}/continue/", {"more": "30", "checkpoint": "20"})
        new = Run.objects.exclude(id=ended.id).get()
        assert answer.status_code == 302 and answer.url == f"/runs/{new.id}/"
        assert (new.filled["training"]["max_steps"], new.filled["training"].get("max_epochs")) == (50, None)
        page = as_(alice).get(f"/runs/{new.id}/").content.decode()
        assert "Goes on with" in page and f'href="/runs/{ended.id}/"' in page

    @pytest.mark.parametrize("more", ["", "0", "-3", "1.5", "many"])
    def test_a_number_that_is_none_is_refused_at_the_field(self, as_, alice, ended, more):
        answer = as_(alice).post(f"/runs/{ended.id}/continue/", {"more": more, "checkpoint": "20"})
        assert answer.status_code == 422
        assert Run.objects.count() == 1

    def test_one_that_trains_says_why_not(self, as_, alice, ended):
        Run.objects.update(status="running")
        answer = as_(alice).get(f"/runs/{ended.id}/continue/")
        assert answer.status_code == 409 and b"still under way" in answer.content


def test_rest_lists_what_the_page_shows(run, token, alice):
    body = (
        Client().get(f"/api/v1/runs/{run.id}/checkpoints", headers={"authorization": f"Bearer {token(alice)}"}).json()
    )
    assert [(item["step"], item["best"], item["last"]) for item in body["items"]] == [
        (10, True, False), (20, False, False), (40, False, False), (90, False, True),
    ]  # fmt: skip
    assert json.dumps(body)


def test_the_estimate_of_one_that_trains_says_why_not(as_, alice, run):
    Run.objects.update(status="running")
    answer = as_(alice).get(f"/runs/{run.id}/continue/estimate/?more=5")
    assert answer.status_code == 200 and b"still under way" in answer.content
