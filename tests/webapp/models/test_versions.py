"""Versions of a model: published beside one another, each reachable, links that stay or follow."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from webapp.models import selectors, services
from webapp.models.folders import folder_of
from webapp.models.models import Model, Version
from webapp.problems import Invalid
from webapp.runs.models import Run
from webapp.teams.models import Membership, Role, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(alice, make):
    return make.trained(alice.personal_team)


@pytest.fixture
def model(alice, run):
    """Two versions: step 10 with a loss of 1.5, step 20 with one of 1.7."""
    model = services.publish(user=alice, run=run, name="foxes")
    return services.publish(user=alice, run=run, checkpoint="last", model=model)


@pytest.fixture
def page(client, alice, model):
    client.force_login(alice)
    return lambda query="": client.get(f"/models/{model.id}/{query}")


def test_a_checkpoint_becomes_the_next_version(alice, model):
    assert Model.objects.count() == 1
    assert [(one.number, one.step) for one in selectors.versions_of(model)] == [(2, 20), (1, 10)]
    assert (model.newest.number, model.name) == (2, "foxes")
    for number, weights in ((1, b"weights of step 10"), (2, b"weights of step 20")):
        version = selectors.version_of(model, number)
        assert (folder_of(version.id) / "model.safetensors").read_bytes() == weights


def test_what_people_wrote_is_of_all_versions_what_the_run_stated_of_one(alice, run, model):
    services.update(user=alice, model=model, card={"note": "of the forest"})
    model = services.publish(user=alice, run=run, model=model, name="bears")
    assert model.name == "bears"
    cards = [selectors.version_of(model, number).card for number in (1, 2, 3)]
    assert [card["note"] for card in cards] == ["of the forest"] * 3
    assert [card["evaluation"]["loss"] for card in cards] == [1.5, 1.7, 1.5]


def test_only_of_its_team_and_its_task(alice, bob, charlie, make, run, model):
    other = Team.objects.create(name="other")
    Membership.objects.create(team=other, user=alice, role=Role.EDITOR)
    with pytest.raises(Invalid, match="another team"):
        services.publish(user=alice, run=make.trained(other), model=model)
    Model.objects.filter(id=model.id).update(task="tagging")
    model.refresh_from_db()
    with pytest.raises(Invalid, match="the run learned language model"):
        services.publish(user=alice, run=run, model=model)
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.publish(user=user, run=run, model=model)
    assert Version.objects.count() == 2


def test_a_model_that_was_deleted_meanwhile_gets_no_version_and_leaves_no_files(alice, run, model):
    services.delete(user=alice, model=Model.objects.get(id=model.id))
    before = set(folder_of("any").parent.glob("*"))
    with pytest.raises(Http404):
        services.publish(user=alice, run=run, model=model)
    assert set(folder_of("any").parent.glob("*")) == before


def test_all_versions_go_with_the_model(alice, model):
    folders = [folder_of(version.id) for version in selectors.versions_of(model)]
    services.delete(user=alice, model=model)
    assert not any(folder.exists() for folder in folders)


def test_the_page_opens_the_newest_and_reaches_each(page, model):
    newest = page().content.decode()
    assert f"/api/v1/models/{model.id}/generate?version=2" in newest
    assert "model-older" not in newest
    old = page("?version=1").content.decode()
    assert f"/api/v1/models/{model.id}/generate?version=1" in old
    assert "The newest is version 2" in old
    rows = re.findall(r'<a class="link" href="/models/\w+/\?version=(\d)">', newest)
    assert rows == ["2", "1"]
    assert newest.index(">1.700<") < newest.index(">1.500<")
    for made_up in ("3", "0", "-1", "one", "1" * 400, "²", ""):
        assert page(f"?version={made_up}").status_code == 404, made_up


def test_versions_cost_no_query_each(page, alice, run, model, django_assert_max_num_queries):
    page()
    with django_assert_max_num_queries(16) as few:
        page()
    for _ in range(5):
        services.publish(user=alice, run=run, model=model)
    with django_assert_max_num_queries(len(few)):
        page()


def test_publishing_offers_the_models_it_fits(client, alice, make, run, model):
    another = make.model(alice.personal_team, alice, run=run)
    Model.objects.filter(id=another.id).update(task="tagging")
    client.force_login(alice)
    address = f"/runs/{run.id}/publish/"
    form = client.get(address).content.decode()
    assert "version 3 of foxes" in form
    assert another.id not in form
    answer = client.post(address, {"checkpoint": "best", "model": model.id, "name": ""})
    assert answer["Location"] == f"/models/{model.id}/"
    assert selectors.model_for(alice, model.id).newest.number == 3
    assert client.post(address, {"checkpoint": "best", "model": another.id, "name": "x"}).status_code == 422
    page = client.get(f"/runs/{run.id}/").content.decode()
    assert f"/models/{model.id}/?version=3" in page


class TestLinks:
    def opened(self, path: str) -> str:
        return Client().get(path).content.decode()

    def test_one_stays_with_what_it_was_made_for(self, alice, run, model):
        _, path = services.share(user=alice, model=model)
        services.publish(user=alice, run=run, checkpoint=10, model=model)
        page = self.opened(path)
        assert "stays with version 2" in page
        assert ">1.700<" in page

    def test_one_that_follows_shows_the_newest(self, alice, run, model):
        _, path = services.share(user=alice, model=model, follows=True)
        assert ">1.700<" in self.opened(path)
        services.publish(user=alice, run=run, checkpoint=10, model=model)
        page = self.opened(path)
        assert "shows the newest version, now version 3" in page
        assert ">1.500<" in page

    def test_the_sharer_chooses_on_the_page(self, client, alice, model):
        client.force_login(alice)
        address = f"/models/{model.id}/shares/?version=1"
        assert "version 1, always" in client.get(address).content.decode()
        page = client.post(address, {"shows": "this", "ends": ""}).content.decode()
        assert "stays with version 1" in self.opened(re.search(r">http://testserver(/s/[^<]+)<", page)[1])
        client.post(address, {"shows": "newest", "ends": ""})
        page = client.get(address).content.decode()
        assert "Version 1 ·" in page
        assert "The newest version ·" in page

    def test_a_stranger_sees_figures_and_card_and_no_way_in(self, alice, model):
        services.update(user=alice, model=model, card={"intended_use": "*trying* out", "licence": "MIT"})
        page = self.opened(services.share(user=alice, model=model)[1])
        assert "<em>trying</em> out" in page
        assert "MIT License" in page
        assert re.findall(r'<th scope="row">([^<]+)</th>', page) == ["this model", "3-gram"]
        for inside in ("/runs/", "/datasets/", "/models/", "alice@example.org"):
            assert inside not in page, inside

    def test_openings_are_counted_and_nothing_else_is_kept(self, client, alice, model):
        share, path = services.share(user=alice, model=model)
        client.force_login(alice)
        address = f"/models/{model.id}/shares/"
        assert "not opened yet" in client.get(address).content.decode()
        for _ in range(3):
            self.opened(path)
        Client().head(path)
        Client().post(f"{path}/generate", "{}", content_type="application/json")
        share.refresh_from_db()
        assert share.opened == 3
        assert share.last_opened_at
        assert "opened 3 times, last" in client.get(address).content.decode()

    def test_links_cost_no_query_each(self, client, alice, model, django_assert_max_num_queries):
        client.force_login(alice)
        address = f"/models/{model.id}/shares/"
        services.share(user=alice, model=model)
        client.get(address)
        with django_assert_max_num_queries(14) as few:
            client.get(address)
        for _ in range(10):
            services.share(user=alice, model=model)
        with django_assert_max_num_queries(len(few)):
            client.get(address)


class TestRest:
    @pytest.fixture
    def ask(self, client, alice, token):
        headers = {"Authorization": f"Bearer {token(alice)}"}

        def ask(method: str, path: str, body=None, **more):
            given = {"headers": {**headers, **more}, "content_type": "application/json"}
            return getattr(client, method)(f"/api/v1{path}", *([body] if body is not None else []), **given)

        return ask

    def test_a_version_more_and_all_of_them_told(self, ask, run, model):
        answer = ask("post", "/models", {"run_id": run.id, "checkpoint": 10, "model_id": model.id})
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert (body["id"], body["version"], body["step"], body["name"]) == (model.id, 3, 10, "foxes")
        assert [(one["version"], one["metrics"]["loss"]) for one in body["versions"]] == [(3, 1.5), (2, 1.7), (1, 1.5)]
        assert ask("get", f"/models/{model.id}").json() == body
        assert ask("get", "/models").json()["items"] == [body]

    def test_without_a_model_a_name_is_wanted(self, ask, run):
        answer = ask("post", "/models", {"run_id": run.id, "checkpoint": "best"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")

    def test_a_model_that_does_not_fit_is_named(self, ask, run, model):
        Model.objects.filter(id=model.id).update(task="tagging")
        answer = ask("post", "/models", {"run_id": run.id, "model_id": model.id})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "model_id")
        assert ask("post", "/models", {"run_id": run.id, "model_id": "nothing"}).status_code == 404

    def test_a_version_that_is_not_there(self, ask, model):
        assert ask("get", f"/models/{model.id}/report?version=9").status_code == 404
        assert ask("post", f"/models/{model.id}/predict?version=9", {"inputs": ["a"]}).status_code == 404
        assert ask("get", f"/models/{model.id}/download?version=0").status_code == 422
        assert ask("get", f"/models/{model.id}/download?verson=1").status_code == 422

    def test_links_say_which_version(self, ask, model):
        made = [ask("post", f"/models/{model.id}/shares", body) for body in ({}, {"version": 1}, {"version": "newest"})]
        assert [answer.status_code for answer in made] == [201] * 3
        assert [answer.json()["version"] for answer in made] == [2, 1, None]
        listed = ask("get", f"/models/{model.id}/shares").json()["items"]
        assert [one["version"] for one in listed] == [None, 1, 2]
        assert not any("url" in one for one in listed)
        assert ask("post", f"/models/{model.id}/shares", {"version": 9}).status_code == 404

    def test_the_list_costs_no_query_a_row(self, ask, alice, make, model, django_assert_max_num_queries):
        ask("get", "/models")
        with django_assert_max_num_queries(12) as few:
            ask("get", "/models")
        for run in Run.objects.all():
            for _ in range(10):
                make.model(alice.personal_team, alice, run=run)
        with django_assert_max_num_queries(len(few)):
            ask("get", "/models")
