"""Pages of models and what a shared link opens, as owner, viewer, outsider and stranger see them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webapp.models import services
from webapp.models.models import Model, Share, Version
from webapp.models.readme import markdown
from webapp.teams.models import Membership, Role

pytestmark = pytest.mark.django_db

MARKUP = '<script>alert(1)</script>&"'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
FRAGMENT = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def model(alice, make):
    return make.model(alice.personal_team, alice)


@pytest.fixture
def stranger():
    return Client()


def url(name: str, model: Model, *more: str) -> str:
    return reverse(f"models:{name}", args=[model.id, *more])


GETS = ["detail", "edit", "delete", "shares", "download"]
POSTS = ["edit", "delete", "shares"]


@pytest.mark.parametrize(("method", "name"), [*(("get", name) for name in GETS), *(("post", name) for name in POSTS)])
def test_an_outsider_finds_nothing_and_a_stranger_signs_in_first(client, charlie, model, method, name):
    answer = getattr(client, method)(url(name, model))
    assert (answer.status_code, answer["Location"].startswith("/accounts/login/")) == (302, True)
    client.force_login(charlie)
    assert getattr(client, method)(url(name, model)).status_code == 404
    assert Model.objects.filter(id=model.id).exists()
    assert not Share.objects.exists()


def test_a_viewer_may_play_and_not_change(as_, alice, charlie, model):
    Membership.objects.create(team=alice.personal_team, user=charlie, role=Role.VIEWER)
    client = as_(charlie)
    page = client.get(url("detail", model)).content.decode()
    assert 'id="playground"' in page
    assert "model-share" not in page
    for name in POSTS:
        assert client.post(url(name, model), {"name": "x"}).status_code == 403


def test_the_page_shows_the_card_and_escapes_all_of_it(as_, alice, model):
    services.update(user=alice, model=model, name=f"Foxes {MARKUP}", card={
        "description": MARKUP, "data": {**model.newest.card["data"], "name": MARKUP},
        "samples": [{"step": 1, "prompt": MARKUP, "temperature": 1.0, "text": MARKUP}],
    })  # fmt: skip
    client = as_(alice)
    page = client.get(url("detail", model)).content.decode()
    assert MARKUP not in page
    assert page.count(ESCAPED) >= 5
    assert f'data-generate="/api/v1/models/{model.id}/generate?version=1"' in page
    rows = re.findall(r'<th scope="row">([^<]+)</th>', page)[:2]
    assert rows == ["this model", "3-gram"]
    for address in ("/models/", "/models/?q=script", url("delete", model), url("shares", model)):
        assert "<script>alert" not in client.get(address).content.decode(), address


def test_a_model_whose_run_and_data_are_gone_still_has_its_page(as_, alice, model):
    Version.objects.update(run=None, dataset=None, facts={})
    client = as_(alice)
    assert client.get(url("detail", model)).status_code == 200
    assert client.get("/models/").status_code == 200


@pytest.mark.parametrize(
    "card",
    [
        {"data": {"characters": 5}}, {"training": {}}, {"evaluation": {"loss": None}}, {"recipe": None},
        {"baselines": {"unigram": {"loss": None}}}, {"samples": []},
    ],
)  # fmt: skip
def test_a_card_that_says_little_has_its_page_and_its_readme(as_, alice, model, card):
    model = services.update(user=alice, model=model, card=card)
    assert as_(alice).get(url("detail", model)).status_code == 200
    assert markdown(model.newest)


def test_name_and_description_are_edited(as_, alice, model):
    client = as_(alice)
    assert client.post(url("edit", model), {"name": " "}).status_code == 422
    answer = client.post(url("edit", model), {"name": "New", "description": "Good.\r\nNot great."})
    assert answer["Location"] == url("detail", model)
    model.refresh_from_db()
    assert (model.name, model.words) == ("New", {"description": "Good.\nNot great."})
    assert model.newest.facts["data"]["name"] == "foxes.txt"


def test_deleting_asks_first(as_, alice, model):
    services.share(user=alice, model=model)
    client = as_(alice)
    assert "The link to it stops working" in " ".join(client.get(url("delete", model)).content.decode().split())
    assert client.post(url("delete", model))["Location"] == "/models/"
    assert not Model.objects.exists()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")
def test_the_download_is_a_zip_with_the_weights(as_, alice, model):
    answer = as_(alice).get(url("download", model))
    assert 'filename="foxes.zip"' in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert {"model.safetensors", "README.md", "card.json"} <= set(archive.namelist())


def link_of(page: str) -> str:
    return re.search(r'id="share-link"[^>]*>http://testserver(/s/[^<]+)<', page)[1]


def test_a_link_is_shown_once_and_opens_for_a_stranger(as_, alice, model, stranger):
    client = as_(alice)
    page = client.post(url("shares", model), {"shows": "this", "ends": "7"}, **FRAGMENT).content.decode()
    link = link_of(page)
    share = Share.objects.get()
    assert timedelta(days=6) < share.expires_at - timezone.now() < timedelta(days=8)
    assert link.removeprefix("/s/") not in client.get(url("shares", model)).content.decode()
    services.update(user=alice, model=model, name=f"Foxes {MARKUP}")
    shared = stranger.get(link)
    body = shared.content.decode()
    assert shared.status_code == 200
    assert f"Foxes {ESCAPED}" in body
    assert "Shared by alice." in body
    assert "alice@example.org" not in body
    assert "foxes.txt" in body
    assert f'data-generate="{link}/generate"' in body
    assert "no-store" in shared["Cache-Control"]
    assert stranger.get(f"{link}/").status_code == 200
    stranger.head(link)
    assert "opened 2 times" in client.get(url("shares", model)).content.decode()


def test_a_revoked_link_ends_at_once(as_, alice, model, stranger):
    client = as_(alice)
    link = link_of(client.post(url("shares", model), {"shows": "newest", "ends": ""}).content.decode())
    assert Share.objects.get().expires_at is None
    page = client.post(url("revoke", model, Share.objects.get().id), **FRAGMENT).content.decode()
    assert "No link leads to this model now" in page
    gone = stranger.get(link)
    assert (gone.status_code, "Ask whoever sent it" in gone.content.decode()) == (404, True)


def test_an_ended_or_unknown_link_says_so(alice, model, stranger):
    share, link = services.share(user=alice, model=model)
    Share.objects.filter(id=share.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    for address in (link, "/s/nothing", "/s/" + "x" * 500):
        assert stranger.get(address).status_code == 404


def test_outsiders_revoke_nothing(as_, alice, bob, charlie, model):
    share, _ = services.share(user=alice, model=model)
    assert as_(charlie).post(url("revoke", model, share.id)).status_code == 404
    assert Share.objects.get().revoked_at is None
    assert as_(bob).post(url("revoke", model, share.id)).status_code == 200
    assert Share.objects.get().revoked_at is not None


def test_an_end_that_is_no_choice_makes_no_link(as_, alice, model):
    assert as_(alice).post(url("shares", model), {"shows": "this", "ends": "9999"}).status_code == 422
    assert not Share.objects.exists()


def test_the_list_shows_ones_own(as_, alice, charlie, model, make):
    make.model(charlie.personal_team, charlie)
    Model.objects.exclude(id=model.id).update(name="Not mine")
    client = as_(alice)
    page = client.get("/models/").content.decode()
    assert "foxes" in page
    assert "Not mine" not in page
    assert "No model is like that" in client.get("/models/?q=zebra").content.decode()


def test_an_empty_list_says_what_to_do(as_, alice):
    assert "Go to the runs" in as_(alice).get("/models/").content.decode()
