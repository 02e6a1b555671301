"""A script that is signed out learns where to sign in, and gets no page in a page."""

from __future__ import annotations

import pytest


def ask(client, path="/", page="http://testserver/runs/?q=a%26b&page=2"):
    return client.get(path, headers={"HX-Request": "true", "HX-Current-URL": page})


@pytest.mark.parametrize("path", ["/", "/runs/", "/queue/", "/datasets/", "/models/"])
def test_a_fragment_is_never_the_sign_in_page(client, db, path):
    answer = ask(client, path)
    assert answer.status_code == 401
    assert answer["X-Sign-In"] == "/accounts/login/?next=%2Fruns%2F%3Fq%3Da%2526b%26page%3D2"
    assert b"<" not in answer.content


@pytest.mark.parametrize(("page", "back"), [
    ("", "%2F"), ("https://elsewhere.example/a/?b", "%2Fa%2F%3Fb"), ("javascript:alert(1)", "alert%281%29"),
])  # fmt: skip
def test_one_is_led_back_to_pages_of_ours_alone(client, alice, page, back):
    leads = ask(client, page=page)["X-Sign-In"]
    assert leads == f"/accounts/login/?next={back}"
    goal = client.post(leads, {"login": alice.email, "password": "a good long password"})["Location"]
    assert goal.startswith("/") or goal == "alert(1)"
    assert not goal.startswith("//")


def test_a_script_that_fetches_data_is_told_as_well(client, db):
    headers = {"Sec-Fetch-Dest": "empty", "Referer": "http://testserver/runs/abc/"}
    answer = client.get("/runs/abc/history", headers=headers)
    assert (answer.status_code, answer["X-Sign-In"]) == (401, "/accounts/login/?next=%2Fruns%2Fabc%2F")
    assert client.get("/runs/abc/history", headers={"Sec-Fetch-Dest": "document"}).status_code == 302


def test_a_page_leads_to_sign_in_as_ever(client, db):
    assert client.get("/runs/")["Location"] == "/accounts/login/?next=/runs/"


def test_who_is_signed_in_gets_the_fragment(client, alice):
    client.force_login(alice)
    assert ask(client).status_code == 200
