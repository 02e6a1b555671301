"""One dataset's page: its versions, its lines, what it is for, what is odd about it, what it cannot lose."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from jobs import ingest
from rnncore.data.inspect import inspect
from webapp.datasets import blobs, selectors, services
from webapp.datasets.models import Check, Dataset, Version
from webapp.datasets.pasted import guess
from webapp.datasets.store import DatasetStore
from webapp.datasets.tasks import proposed
from webapp.problems import Invalid
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db

ODD = "\ufeffone\u00a0two\nthree \u202e\u200b four\x1b\n" + "plain words here\n" * 100


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return lambda dataset, more="": client.get(f"/datasets/{dataset.id}/{more}").content.decode()


def work() -> None:
    store = DatasetStore()
    while claimed := store.claim("reader"):
        ingest.read(store, claimed)
    while check := store.claim_check():
        ingest.answer(store, check)


def paste(alice, text, **given):
    dataset = services.create_from_text(user=alice, team=alice.personal_team, name="words", text=text, **given)
    work()
    return selectors.dataset_for(alice, dataset.id)


def test_what_cannot_be_seen_stands_in_boxes(page, alice):
    dataset = paste(alice, ODD)
    text = page(dataset)
    for box, name in (("BOM", "byte order mark"), ("NBSP", "no-break space"), ("RLO", "right-to-left override"),
                      ("ZWSP", "zero width space"), ("ESC", "control character")):  # fmt: skip
        assert f'<span class="box">{box}</span>' in text and name in text, box
    assert '<span class="raw">\x1b' not in text
    assert "Lengths of lines" in text and '<details class="behind">' in text
    assert "at the start; it is no part of the text" in text


def test_a_problem_leads_to_its_line(page, alice):
    dataset = paste(alice, ODD)
    address = f"/datasets/{dataset.id}/lines/?version=1&amp;line=2"
    assert f'href="{address}"' in page(dataset)
    text = page(dataset, "lines/?version=1&line=2")
    assert '<li aria-current="true" id="at"><span class="place">2</span>' in text
    assert '<span class="box">RLO</span>' in text
    assert "line=27" in text and 'rel="prev"' not in text


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [("line=9999", 200, "It has no line 9,999"), ("line=abc", 404, ""), ("line=-1", 404, ""), ("line=0", 200, "one"),
     ("line=9" + "9" * 17, 404, ""), ("version=7&line=1", 404, ""), ("version=x", 404, "")],
)  # fmt: skip
def test_lines_that_somebody_made_up(client, alice, asked, status, said):
    client.force_login(alice)
    dataset = paste(alice, ODD)
    answer = client.get(f"/datasets/{dataset.id}/lines/?{asked}")
    assert answer.status_code == status and said in answer.content.decode()


def test_a_line_that_is_too_far_is_said(page, alice, monkeypatch):
    dataset = paste(alice, ODD)
    monkeypatch.setattr("rnncore.data.sources.BLOCK", 64)
    monkeypatch.setattr("rnncore.data.context.REACH", 10)
    Version.objects.filter(dataset=dataset).update(inspection={**dataset.version.inspection, "index": []})
    assert "Line 87 lies more than 10" in page(dataset, "lines/?line=75")


def test_versions_are_listed_opened_and_trained_on(page, client, alice):
    dataset = paste(alice, ODD)
    services.create_from_text(user=alice, team=dataset.team, name="x", text="all new\n" * 90, into=dataset)
    work()
    text = page(dataset)
    assert "Version 1" in text and "Version 2" in text and "−" in text, "it says what was lost"
    assert f'href="/runs/new/?dataset={dataset.id}&amp;version=1"' in text
    old = page(dataset, "?version=1")
    assert "You look at version 1; the newest is" in old and '<span class="box">RLO</span>' in old
    assert 'name="version" value="1"' in client.get(f"/runs/new/?dataset={dataset.id}&version=1").content.decode()
    given = {"dataset": dataset.id, "version": "1", "task.kind": "language_model", "training.max_steps": "5"}
    client.post("/runs/new/", given)
    assert dataset.versions.get(number=1).runs.count() == 1
    assert client.post(f"/datasets/{dataset.id}/versions/1/delete/").status_code == 409
    assert client.post(f"/datasets/{dataset.id}/versions/2/delete/").status_code == 302
    assert dataset.versions.count() == 1


def test_the_same_bytes_elsewhere_in_the_team_are_told(page, alice, charlie):
    first, second = paste(alice, ODD), paste(alice, ODD)
    services.rename(user=alice, dataset=first, name="the <first>")
    assert f'as <a class="link" href="/datasets/{first.id}/">the &lt;first&gt;</a>' in page(second)
    theirs = services.create_from_text(user=charlie, team=charlie.personal_team, name="w", text="only words\n" * 99)
    ours = paste(alice, "only words\n" * 99)
    assert theirs.id not in page(ours) and "Same bytes" not in page(ours)


def test_a_failed_newer_one_is_told_on_the_page(page, alice):
    dataset = paste(alice, ODD)
    services.create_from_text(user=alice, team=dataset.team, name="x", text="a" * 90, into=dataset)
    work()
    text = page(dataset)
    assert "Version 2 could not be read" in text and "Train on this" in text


def test_deleting_what_runs_need_says_which(client, alice, make):
    client.force_login(alice)
    dataset = paste(alice, ODD)
    run = make.run(alice.personal_team, dataset=dataset, name="<i>mine</i>")
    answer = client.post(f"/datasets/{dataset.id}/delete/")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "1 run uses it: “&lt;i&gt;mine&lt;/i&gt;”" in text and f'href="/runs/{run.id}/"' in text
    assert Dataset.objects.exists()


def test_problems_follow_the_roles(page, client, alice):
    text = (
        "a,b,c\n" + "".join(f"words {n} here,{'xy'[n % 2]},{'pq'[n % 3 > 0]}\n" for n in range(40)) + "more words,,q\n"
    )
    dataset = paste(alice, text, format="csv")
    assert "Records without &#x27;b&#x27;" in page(dataset)
    services.confirm_roles(user=alice, dataset=dataset, roles={"c": "label"})
    waiting = page(dataset)
    assert "Looking once more" in waiting and 'hx-select="#problems"' in waiting
    work()
    text = page(dataset)
    assert "Looking once more" not in text and "Records without" not in text
    services.confirm_roles(user=alice, dataset=dataset, roles={"b": "label"})
    work()
    assert "Records without &#x27;b&#x27;" in page(dataset)
    assert Check.objects.count() == 1, "old questions go"


def test_what_it_is_for_is_chosen_in_one_click(client, page, alice):
    text = "label,tune\n" + "".join(f"{'ab'[n % 2]},notes {n} of it\n" for n in range(40))
    dataset = paste(alice, text, format="csv")
    assert proposed(dataset.version) == "classification"
    assert "Use it for this" in page(dataset)
    assert client.post(f"/datasets/{dataset.id}/task/", {"task": "conditional_generation"}).status_code == 302
    dataset = selectors.dataset_for(alice, dataset.id)
    assert proposed(dataset.version) == "conditional_generation" and "Train a writer" in page(dataset)
    assert (
        'name="task.kind" value="conditional_generation"'
        in client.get(f"/runs/new/?dataset={dataset.id}").content.decode()
    )
    with pytest.raises(Invalid, match="gold"):
        services.choose_task(user=alice, dataset=dataset, task="gold")


def test_made_data_is_read_for_its_task(alice):
    dataset = services.create_synthetic(user=alice, team=alice.personal_team, kind="jingles", count=200)
    work()
    version = selectors.dataset_for(alice, dataset.id).version
    assert (proposed(version), version.inspection["purpose"]["task"]) == ("conditional_generation",) * 2
    assert not Check.objects.exists()


def test_who_only_looks_chooses_nothing(client, alice, bob):
    dataset = paste(alice, "a,b\n" + "x y z,1\nz y x,2\n" * 30, format="csv")
    Membership.objects.filter(user=bob, team=dataset.team).update(role="viewer")
    client.force_login(bob)
    text = client.get(f"/datasets/{dataset.id}/").content.decode()
    for words in ("Use it for this", 'data-opens="new-version"', "upload.js", 'data-opens="delete', 'name="role-0"'):
        assert words not in text
    assert "<b>Label</b>" in text, "what a column is for is told, in place of a choice that nothing takes"
    assert client.post(f"/datasets/{dataset.id}/task/", {"task": "classification"}).status_code == 403
    assert client.get(f"/datasets/{dataset.id}/paste/").status_code == 403
    with pytest.raises(PermissionDenied):
        services.create_example(user=bob, team=dataset.team, example="python")


def test_an_outsider_finds_nothing(client, charlie, alice):
    dataset = paste(alice, ODD)
    client.force_login(charlie)
    for path in ("", "lines/", "download/", "paste/", "?version=1"):
        assert client.get(f"/datasets/{dataset.id}/{path}").status_code == 404, path
    for path in ("task/", "versions/1/delete/"):
        assert client.post(f"/datasets/{dataset.id}/{path}").status_code == 404, path


def test_the_example_is_made_by_a_job_in_one_click(client, alice):
    client.force_login(alice)
    answer = client.post("/datasets/example/", {"name": "python"})
    dataset = Dataset.objects.get()
    assert answer.headers["Location"] == f"/datasets/{dataset.id}/"
    assert "A worker puts the text together" in client.get(f"/datasets/{dataset.id}/").content.decode()
    work()
    version = selectors.dataset_for(alice, dataset.id).version
    assert version.status == "ready", version.error
    assert 10_000 < version.bytes <= 4 << 20
    assert "Python Software Foundation License" in client.get(f"/datasets/{dataset.id}/").content.decode()
    assert client.post("/datasets/example/", {"name": "gold"}, follow=True).status_code == 200
    assert Dataset.objects.count() == 1


def test_an_example_that_was_half_written_is_written_anew(alice, settings):
    dataset = services.create_example(user=alice, team=alice.personal_team, example="python")
    path = settings.DATA / dataset.version.source
    path.write_text("# abc.py\nhalf of")
    work()
    version = selectors.dataset_for(alice, dataset.id).version
    assert version.status == "ready" and version.bytes > 10_000


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("word,kind\naei,soft\nbcd,hard\n", "csv"), ("a;b\n1;2\n3;4\n", "csv"), ("a\tb\n1\t2\n3\t4\n", "tsv"),
        ('{"a": 1}\n{"a": 2}\n', "jsonl"), ("To be, or not to be,\nthat is it,\nor is it, not\n", "text"),
        ("one line", "text"), ("", "text"), ("word,kind\naei,soft\nbcd\n", "text"),
        ('"never, closed\na,b\nc,d', "text"),
        ("[1]\n[2]\n", "text"),
    ],
)  # fmt: skip
def test_pasted_text_is_guessed(text, format):
    assert guess(text) == format


def test_a_pasted_table_is_one_by_guess_or_by_choice(client, alice):
    client.force_login(alice)
    table = "word,kind\r\n" + "aei,soft\r\nbcd,hard\r\n" * 20
    for given, filename in (({}, "t.csv"), ({"format": "text"}, "t.txt"), ({"format": "tsv"}, "t.tsv")):
        client.post("/datasets/paste/", {"name": "t", "text": table, **given})
        assert Version.objects.latest("created_at").filename == filename
    assert client.post("/datasets/paste/", {"name": "t", "text": table, "format": "gold"}).status_code == 422


class TestOverlap:
    @pytest.fixture
    def two(self, alice):
        rows = [f"words {n} of it,{'ab'[n % 2]}\n" for n in range(60)]
        data = paste(alice, "text,label\n" + "".join(rows), format="csv")
        other = paste(alice, "text,label\nnew words,a\n" + "".join(rows[4:7]), format="csv")
        return data, other

    def ask(self, client, data, other, field="valid"):
        return client.post("/runs/new/estimate/", {"dataset": data.id, field: other.id}).content.decode()

    @pytest.mark.parametrize("field", ["valid", "test"])
    def test_it_is_said_at_the_field(self, client, alice, two, field):
        client.force_login(alice)
        first = self.ask(client, *two, field)
        assert "looking whether its records stand" in first and f'id="overlap-{field}"' in first
        work()
        text = self.ask(client, *two, field)
        assert "3 of its records stand in this data too" in text
        assert f"/datasets/{two[1].id}/lines/?version=1&amp;line=3" in text
        assert Check.objects.count() == 1

    def test_nothing_is_said_where_there_is_none(self, client, alice, two):
        client.force_login(alice)
        data, _ = two
        clean = paste(alice, "text,label\nall new,a\nquite new,b\n", format="csv")
        self.ask(client, data, clean)
        work()
        assert "of its records" not in self.ask(client, data, clean)
        assert 'id="overlap-valid"' in client.get(f"/runs/new/?dataset={data.id}").content.decode()


def test_the_inspection_of_a_blob_is_what_the_job_says(alice):
    dataset = paste(alice, ODD)
    found = inspect(blobs.path_of(dataset.version.sha256), name=dataset.version.filename)
    assert {**found, "purpose": {"task": None, "roles": {}}} == dataset.version.inspection
