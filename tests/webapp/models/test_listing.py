"""The list of models: found by words and by task, in an order, a page at a time, without a query a row."""

from __future__ import annotations

import re

import pytest

from webapp.models import listing, services
from webapp.models.models import Model, Share
from webapp.teams.models import Membership, Role, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(alice, make):
    return make.trained(alice.personal_team)


@pytest.fixture
def publish(alice, run):
    def publish(name: str, **card):
        model = services.publish(user=alice, run=run, name=name)
        return services.update(user=alice, model=model, card=card) if card else model

    return publish


@pytest.fixture
def shown(client, alice):
    """The names in the list, in its order, and the page's text."""
    client.force_login(alice)

    def shown(query: str = "") -> tuple[list[str], str]:
        answer = client.get(f"/models/{query}")
        assert answer.status_code == 200
        page = answer.content.decode()
        return re.findall(r'<span class="name cut">([^<]+)</span>', page), " ".join(page.split())

    return shown


def test_found_by_name_tag_and_data(publish, shown):
    publish("Ants")
    publish("Bees", tags=["yellow", "black"])
    assert shown("?q=ant")[0] == ["Ants"]
    assert shown("?q=yellow")[0] == ["Bees"]
    assert set(shown("?q=foxes.txt")[0]) == {"Ants", "Bees"}
    assert shown("?q=description")[0] == [], "names of fields are no words"
    names, page = shown("?q=wasps")
    assert names == []
    assert "No model is like that" in page


def test_narrowed_to_a_task(publish, shown):
    publish("Ants")
    tagger = publish("Bees")
    Model.objects.filter(id=tagger.id).update(task="tagging")
    names, page = shown("?task=tagging")
    assert names == ["Bees"]
    assert "1 model for tagging" in page
    assert '<option value="tagging" selected>' in page
    assert '<option value="forecasting"' not in page, "no model is for that"


def test_in_an_order(alice, publish, shown):
    for name in ("Bees", "Ants", "Cats"):
        model = publish(name)
    assert shown()[0] == ["Cats", "Ants", "Bees"]
    assert shown("?sort=name")[0] == ["Ants", "Bees", "Cats"]
    services.share(user=alice, model=model)
    bees = Model.objects.get(name="Bees")
    services.share(user=alice, model=bees)
    services.share(user=alice, model=bees)
    Share.objects.filter(model=bees).update(opened=3)
    Share.objects.filter(model=model).update(opened=5)
    names, page = shown("?sort=opened")
    assert names == ["Bees", "Cats", "Ants"]
    assert "2 links" in page
    assert "opened 6×" in page


@pytest.mark.parametrize("query", ["?sort=made-up", "?page=x", "?page=999", "?q=%00", "?task=%00", "?q=" + "x" * 3000])
def test_what_somebody_made_up_breaks_nothing(publish, shown, query):
    publish("Ants")
    shown(query)


def test_a_made_up_order_or_page_is_told(publish, shown):
    publish("Ants")
    names, page = shown("?sort=<b>best&page=7")
    assert names == ["Ants"]
    assert "there is no order &#x27;&lt;b&gt;best&#x27;; there are newest, name" in page
    assert "there is no page &#x27;7&#x27; of 1" in page


def test_a_made_up_task_is_told(publish, shown):
    publish("Ants")
    names, page = shown("?task=<b>cooking")
    assert names == []
    assert "0 models for &lt;b&gt;cooking" in page


def test_pages_keep_what_was_chosen(publish, shown, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    for name in "abc":
        publish(f"Ants {name}")
    names, page = shown("?q=Ants&sort=name")
    assert names == ["Ants a", "Ants b"]
    following = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert shown(following)[0] == ["Ants c"]


def test_of_the_chosen_team_alone(client, alice, publish, make, shown):
    publish("Ants")
    team = Team.objects.create(name="others")
    Membership.objects.create(team=team, user=alice, role=Role.EDITOR)
    services.publish(user=alice, run=make.trained(team), name="Theirs")
    assert shown()[0] == ["Ants"]


def test_no_query_a_row(client, alice, publish, shown, django_assert_max_num_queries):
    for i in range(3):
        publish(f"Ants {i}", tags=["a"])
    shown()
    with django_assert_max_num_queries(16) as few:
        shown()
    for i in range(27):
        services.share(user=alice, model=publish(f"Bees {i}"))
    with django_assert_max_num_queries(len(few)):
        assert len(shown()[0]) == 30
