"""Versions of a dataset: uploaded and pasted, listed with what is the same, kept while runs use them, downloaded."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from jobs import ingest
from webapp.datasets import blobs, parts, selectors, services
from webapp.datasets.models import Dataset, Status, Upload, Version
from webapp.datasets.store import DatasetStore
from webapp.problems import Conflict
from webapp.runs import services as runs
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db

TEXT = "one two three\n" * 100


def read_all() -> None:
    store = DatasetStore()
    while claimed := store.claim("reader"):
        ingest.read(store, claimed)


def add(user, dataset, text: str, name: str = "more.txt") -> Version:
    """A new version, uploaded and read."""
    upload = services.create_upload(
        user=user, team=dataset.team, filename=name, length=len(text.encode()), into=dataset
    )
    with parts.writing(upload.id) as part:
        parts.write(part, text.encode())
    services.finish_upload(upload=upload)
    read_all()
    upload.refresh_from_db()
    return upload.version


@pytest.fixture
def dataset(alice):
    made = services.create_from_text(user=alice, team=alice.personal_team, name="words", text=TEXT)
    read_all()
    return selectors.dataset_for(alice, made.id)


def test_a_new_version_stands_for_the_dataset_and_runs_keep_theirs(alice, dataset, make):
    run = make.run(alice.personal_team, dataset=dataset)
    version = add(alice, dataset, TEXT * 2)
    assert (version.number, version.created_by, version.dataset_id) == (2, alice, dataset.id)
    assert selectors.dataset_for(alice, dataset.id).version == version
    run.refresh_from_db()
    assert run.version.number == 1 and run.version.sha256 != version.sha256
    assert Dataset.objects.count() == 1


def test_one_that_cannot_be_read_does_not_stand_for_it(alice, dataset):
    broken = add(alice, dataset, "a" * 400)
    assert broken.status == Status.FAILED
    assert selectors.dataset_for(alice, dataset.id).version.number == 1
    assert Dataset.objects.get(id=dataset.id).version.number == 1
    upload = selectors.upload_for(alice, Upload.objects.get(version=broken).id)
    assert "again and again" in selectors.error_of(upload)


def test_the_same_bytes_are_told_and_lie_once(alice, dataset):
    add(alice, dataset, TEXT * 2)
    again = add(alice, dataset, TEXT)
    listed = selectors.versions_of(selectors.dataset_for(alice, dataset.id))
    assert [(version.number, version.same_as) for version in listed] == [(3, 1), (2, None), (1, None)]
    services.delete_version(user=alice, version=again)
    assert blobs.path_of(again.sha256).exists(), "version 1 has the same bytes"


def test_a_version_goes_with_its_bytes_and_not_the_last_one(alice, dataset):
    other = add(alice, dataset, TEXT * 2)
    services.delete_version(user=alice, version=other)
    assert not blobs.path_of(other.sha256).exists()
    with pytest.raises(Conflict, match="only version"):
        services.delete_version(user=alice, version=dataset.version)
    assert add(alice, dataset, TEXT * 3).number == 2


@pytest.mark.parametrize("field", ["version", "valid_version", "test_version"])
def test_what_a_run_needs_stays_and_the_run_is_named(alice, dataset, make, field):
    first = dataset.version
    add(alice, dataset, TEXT * 2)
    run = make.run(alice.personal_team, name="precious <b>")
    type(run).objects.filter(id=run.id).update(**{field: first})
    for refused in (
        lambda: services.delete_version(user=alice, version=first),
        lambda: services.delete(user=alice, dataset=dataset),
    ):
        with pytest.raises(services.InUse, match=r"1 run uses .*precious <b>") as caught:
            refused()
        assert caught.value.errors == [("runs", f"{run.id} precious <b>")]
    assert blobs.path_of(first.sha256).exists() and dataset.versions.count() == 2


def test_a_deleted_run_does_not_come_back_without_its_data(alice, dataset, make):
    run = make.run(alice.personal_team, dataset=dataset)
    runs.delete(user=alice, run=run)
    services.delete(user=alice, dataset=dataset)
    assert not type(run).everything.filter(id=run.id).exists()


def test_runs_of_teams_that_one_is_not_in_are_counted_and_not_named(alice, bob, charlie, dataset, make):
    make.run(charlie.personal_team, dataset=dataset, name="secret")
    with pytest.raises(services.InUse) as caught:
        services.delete(user=alice, dataset=dataset)
    assert "secret" not in str(caught.value) and caught.value.errors == []


def test_who_may_not_adds_and_deletes_nothing(alice, bob, charlie, dataset):
    Membership.objects.filter(user=bob, team=dataset.team).update(role="viewer")
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.create_upload(user=user, team=user.personal_team, filename="a.txt", length=1, into=dataset)
        with pytest.raises(error):
            services.delete_version(user=user, version=dataset.version)
    assert not Upload.objects.filter(into=dataset).exists()


def test_two_at_once_have_numbers_of_their_own(alice, dataset):
    uploads = [
        services.create_upload(user=alice, team=dataset.team, filename="a.txt", length=0, into=dataset) for _ in "ab"
    ]
    for upload in uploads:
        services.finish_upload(upload=upload)
        services.finish_upload(upload=upload)  # twice is no error
    assert sorted(dataset.versions.values_list("number", flat=True)) == [1, 2, 3]


def test_what_is_on_its_way_goes_with_the_dataset(alice, dataset):
    upload = services.create_upload(user=alice, team=dataset.team, filename="a.txt", length=9, into=dataset)
    services.delete(user=alice, dataset=dataset)
    assert not Upload.objects.filter(id=upload.id).exists() and parts.length(upload.id) is None
    with pytest.raises(Http404, match="its dataset was deleted"):
        services.finish_upload(upload=upload)


def test_roles_hold_for_the_columns_of_a_new_version(alice, make):
    table = make.table(alice.personal_team)
    services.confirm_roles(user=alice, dataset=table, roles={"word": "label", "kind": "text"})
    version = add(alice, table, "kind,word\n" + "soft,aei\nhard,bcd\n" * 20, name="words.csv")
    assert version.inspection["purpose"] == {"task": None, "roles": {"word": "label", "kind": "text"}}


class TestRest:
    @pytest.fixture
    def ask(self, client, alice, token):
        headers = {"Authorization": f"Bearer {token(alice)}"}

        def ask(method, path, body=None):
            return getattr(client, method)(
                f"/api/v1/datasets{path}", body, content_type="application/json", headers=headers
            )

        return ask

    def test_pasted_listed_fetched_and_deleted(self, ask, dataset, make, alice):
        answer = ask("post", "", {"name": "more", "text": TEXT * 2, "dataset_id": dataset.id})
        assert (answer.status_code, answer.json()["id"], answer.json()["version"]) == (201, dataset.id, 2)
        assert answer.json()["name"] == "words", "a dataset keeps its name"
        read_all()
        items = ask("get", f"/{dataset.id}/versions").json()["items"]
        assert [(item["number"], item["amount"], item["created_by"]) for item in items] == [
            (2, len(TEXT) * 2, alice.email), (1, len(TEXT), alice.email)]  # fmt: skip
        assert ask("get", f"/{dataset.id}?version=1").json()["sha256"] == items[1]["sha256"]
        assert ask("get", f"/{dataset.id}").json()["sha256"] == items[0]["sha256"]
        assert ask("get", f"/{dataset.id}?version=9").status_code == 404
        run = make.run(alice.personal_team, dataset=selectors.dataset_for(alice, dataset.id, number=1))
        refused = ask("delete", f"/{dataset.id}/versions/1")
        assert (refused.status_code, refused.json()["errors"]) == (
            409, [{"field": "runs", "message": f"{run.id} a run"}])  # fmt: skip
        assert ask("delete", f"/{dataset.id}").status_code == 409
        assert ask("delete", f"/{dataset.id}/versions/2").status_code == 204
        assert ask("delete", f"/{dataset.id}/versions/2").status_code == 404

    def test_the_original_comes_back_byte_by_byte(self, ask, dataset, make, alice):
        dataset.version.filename = 'a "b" ü.txt'
        dataset.version.save()
        answer = ask("get", f"/{dataset.id}/download?version=1")
        assert b"".join(_all(answer)) == TEXT.encode()
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith("attachment") and "\n" not in answer["Content-Disposition"]
        waiting = make.dataset(alice.personal_team, status="processing")
        assert ask("get", f"/{waiting.id}/download").status_code == 404

    @pytest.mark.parametrize(
        ("body", "field"),
        [({"synthetic": {"name": "sum"}}, "dataset_id"), ({"text": "a", "team_id": "x"}, "team_id"),
         ({"text": "a", "format": "gold"}, "format"), ({"example": "python"}, "dataset_id"), ({}, "text")],
    )  # fmt: skip
    def test_what_cannot_be_a_new_version(self, ask, dataset, body, field):
        answer = ask("post", "", {"name": "n", "dataset_id": dataset.id, **body})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_a_pasted_table_by_what_is_said_of_it(self, ask):
        answer = ask(
            "post", "", {"name": "pairs", "text": "word,kind\n" + "aei,soft\nbcd,hard\n" * 20, "format": "csv"}
        )
        read_all()
        found = ask("get", f"/{answer.json()['id']}").json()
        assert (found["filename"], found["format"], found["status"]) == ("pairs.csv", "csv", "ready")


def _all(answer) -> list[bytes]:
    from asgiref.sync import async_to_sync

    async def collect():
        return [block async for block in answer.streaming_content]

    return async_to_sync(collect)() if answer.is_async else list(answer.streaming_content)


def test_a_deleted_run_is_not_counted(alice, dataset, make):
    run, _ = (make.run(alice.personal_team, dataset=dataset) for _ in range(2))
    runs.delete(user=alice, run=run)
    assert [version.used for version in selectors.versions_of(dataset)] == [1]
