"""Who opened a link, and how often."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from webapp.models import selectors, services
from webapp.models.models import Opening
from webapp.models.openings import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice, make):
    return make.model(alice.personal_team, alice)


@pytest.fixture
def link(alice, model) -> str:
    """The path of a link to the model."""
    return services.share(user=alice, model=model)[1] + "/"


def who(page: str) -> list[str]:
    """The lines under a link, without their times of day."""
    lines = re.search(r'aria-label="Who opened it">(.*?)</ul>', page, re.DOTALL)
    found = re.findall(r"<li.*?>(.*?)</li>", lines[1] if lines else "", re.DOTALL)
    return [re.sub(r"<.*?>", "", line).partition(", last")[0] for line in found]


def test_people_who_are_signed_in_by_name_and_others_by_number(as_, alice, charlie, model, link):
    for client, times in ((as_(charlie), 2), (as_(alice), 1), (Client(), 3)):
        for _ in range(times):
            client.get(link)
        client.head(link)  # what looks whether a link works is nobody who opens it
    page = as_(alice).get(f"/models/{model.id}/shares/").content.decode()
    assert "opened 6 times" in page
    assert who(page) == ["you: 1 time", "charlie@example.org: 2 times", "others, not signed in: 3 times"]


def test_a_link_that_nobody_opened_and_one_that_strangers_did(as_, alice, model, link):
    def shown() -> list[str]:
        return who(as_(alice).get(f"/models/{model.id}/shares/").content.decode())

    assert shown() == []
    Client().get(link)
    assert shown() == ["not signed in: 1 time"]


def test_who_opens_it_is_told(as_, charlie, link):
    assert "signed in as charlie@example.org: who shares" in as_(charlie).get(link).content.decode()
    assert "You are signed in" not in Client().get(link).content.decode()


def test_over_rest(as_, alice, charlie, model, link, token):
    as_(charlie).get(link)
    Client().get(link)
    answer = Client().get(f"/api/v1/models/{model.id}/shares", headers={"Authorization": f"Bearer {token(alice)}"})
    (share,) = answer.json()["items"]
    assert [(each["email"], each["times"]) for each in share["opened_by"]] == [("charlie@example.org", 1)]
    assert share["opened"] == 2


def test_a_link_that_went_meanwhile_is_counted_nowhere(alice, charlie, model, link):
    share = selectors.shares_of(alice, model)[0]
    type(share).objects.all().delete()
    opened(share, charlie)
    assert not Opening.objects.exists()
