"""One version of a model is deleted: what goes with it, what stays, and who may."""

from __future__ import annotations

import json
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections
from django.http import Http404
from django.test import Client

from webapp.models import selectors, services
from webapp.models.folders import folder_of
from webapp.models.models import Model, Version
from webapp.problems import Conflict
from webapp.runs import beginnings
from webapp.teams.history import sentence
from webapp.teams.models import Entry, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice, make):
    """Three versions, of steps 10, 20 and 10."""
    run = make.trained(alice.personal_team)
    model = services.publish(user=alice, run=run, name="foxes")
    for checkpoint in ("last", 10):
        model = services.publish(user=alice, run=run, checkpoint=checkpoint, model=model)
    return model


def numbers(model: Model) -> list[int]:
    return [version.number for version in selectors.versions_of(model)]


def delete(user, model: Model, number: int) -> Model:
    services.delete_version(user=user, version=selectors.version_of(model, number))
    return selectors.model_for(user, model.id)


def test_its_files_go_and_the_others_stay(alice, model):
    folders = {version.number: folder_of(version.id) for version in selectors.versions_of(model)}
    model = delete(alice, model, 2)
    assert (numbers(model), model.newest.number) == ([3, 1], 3)
    assert [number for number, folder in folders.items() if folder.exists()] == [3, 1]
    assert sentence(Entry.objects.last()) == "deleted the version “foxes, version 2”"
    with pytest.raises(Http404):
        selectors.version_of(model, 2)


def test_the_newest_of_those_that_are_left_is_the_newest(alice, model):
    model = delete(alice, delete(alice, model, 3), 2)
    assert (numbers(model), model.newest.number, model.newest.step) == ([1], 1, 10)


def test_a_number_is_not_given_again(client, alice, make, model):
    model = delete(alice, model, 3)
    run = model.newest.run
    client.force_login(alice)
    assert "version 4 of foxes" in client.get(f"/runs/{run.id}/publish/").content.decode()
    assert numbers(services.publish(user=alice, run=run, model=model)) == [4, 2, 1]


def test_the_only_one_stays(client, alice, model):
    model = delete(alice, delete(alice, model, 3), 2)
    with pytest.raises(Conflict, match="delete the model"):
        delete(alice, model, 1)
    client.force_login(alice)
    for ask in (client.get, client.post):
        answer = ask(f"/models/{model.id}/versions/1/delete/")
        assert (answer.status_code, "is the only one" in answer.content.decode()) == (409, True)
    assert folder_of(model.newest.id).exists()


def test_links_that_stay_with_it_end_and_those_that_follow_go_on(alice, model):
    version = selectors.version_of(model, 3)
    _, stays = services.share(user=alice, model=model, version=version)
    _, other = services.share(user=alice, model=model, version=selectors.version_of(model, 1))
    _, follows = services.share(user=alice, model=model, follows=True)
    delete(alice, model, 3)
    assert [Client().get(path).status_code for path in (stays, other, follows)] == [404, 200, 200]
    assert "now version 2" in Client().get(follows).content.decode()
    assert selectors.shares_of(alice, model).count() == 2


def test_a_run_that_started_from_it_says_so_and_has_its_weights(alice, make, model):
    files = folder_of(selectors.version_of(model, 2).id)
    (files / "recipe.json").write_text(json.dumps({"task": {"kind": "language_model"}}))
    start = beginnings.from_model(alice, model.id, "2")
    run = make.run(alice.personal_team)
    for field, value in start.fields().items():
        setattr(run, field, value)
    run.save()
    beginnings.lay_weights(run.id, start.weights)
    delete(alice, model, 2)
    run.refresh_from_db()
    assert (run.from_version, run.origin["version"]) == (None, 2)
    kept = beginnings.weights_folder(run.id) / "model.safetensors"
    assert kept.read_bytes() == b"weights of step 20"


def test_a_viewer_may_not_and_an_outsider_finds_nothing(alice, bob, charlie, model):
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    version = selectors.version_of(model, 1)
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.delete_version(user=user, version=version)
    assert Version.objects.count() == 3


def test_twice_is_told_and_takes_no_other_along(alice, model):
    version = selectors.version_of(model, 2)
    services.delete_version(user=alice, version=version)
    with pytest.raises(Http404):
        services.delete_version(user=alice, version=version)
    assert numbers(model) == [3, 1]


@pytest.mark.django_db(transaction=True)
def test_two_who_delete_the_last_two_leave_one(alice, model):
    model = delete(alice, model, 3)
    versions, refused = selectors.versions_of(model), []

    def work(version: Version) -> None:
        try:
            services.delete_version(user=alice, version=version)
        except Conflict as conflict:
            refused.append(conflict)
        finally:
            close_old_connections()

    threads = [threading.Thread(target=work, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), len(numbers(model))) == (1, 1)
    assert selectors.model_for(alice, model.id).newest.number == numbers(model)[0]


def test_the_page_asks_first_and_says_what_happens(client, alice, model):
    client.force_login(alice)
    services.share(user=alice, model=model)
    services.share(user=alice, model=model, follows=True)
    page = client.get(f"/models/{model.id}/?version=3").content.decode()
    address = f"/models/{model.id}/versions/3/delete/"
    assert address in page
    asked = " ".join(client.get(address).content.decode().split())
    assert "The link that stays with it stops working at once." in asked
    assert "Version 2 is the newest then: the link that follows the newest shows it." in asked
    assert numbers(model) == [3, 2, 1]
    assert client.post(address)["Location"] == f"/models/{model.id}/"
    assert numbers(model) == [2, 1]
    assert client.post(address).status_code == 404
    old = " ".join(client.get(f"/models/{model.id}/versions/1/delete/").content.decode().split())
    assert "is the newest then" not in old
    for made_up in (0, 9, 10**12):
        assert client.get(f"/models/{model.id}/versions/{made_up}/delete/").status_code == 404


def test_a_script_deletes_one(client, alice, token, model):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    address = f"/api/v1/models/{model.id}/versions"
    assert client.delete(f"{address}/3", headers=headers).status_code == 204
    body = client.get(f"/api/v1/models/{model.id}", headers=headers).json()
    assert (body["version"], [one["version"] for one in body["versions"]]) == (2, [2, 1])
    assert [client.delete(f"{address}/{n}", headers=headers).status_code for n in (3, -1, 10**12)] == [404] * 3
    assert client.delete(f"{address}/1", headers=headers).status_code == 204
    refused = client.delete(f"{address}/2", headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (409, "It is the only version; delete the model.")
