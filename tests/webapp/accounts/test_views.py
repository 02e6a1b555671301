"""Signing up and in, passwords, tokens on the settings page."""

import pytest

from webapp.accounts.models import Token, User
from webapp.accounts.services import user_of_token

PASSWORD = "a good long password"


def test_signing_up_makes_a_person_with_a_team(client, db):
    response = client.post("/accounts/signup/", {"email": "Dora@Example.org", "password1": PASSWORD})
    assert response.headers["Location"] == "/"
    dora = User.objects.get(email="dora@example.org")
    assert dora.personal_team.members.get() == dora
    assert client.get("/").status_code == 200


def test_an_address_is_taken_once(client, alice):
    response = client.post("/accounts/signup/", {"email": "alice@example.org", "password1": PASSWORD})
    assert response.status_code == 200
    assert "already" in response.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("weak", ["short", "password", "12345678901"])
def test_a_weak_password_is_refused_at_its_field(client, db, weak):
    text = client.post("/accounts/signup/", {"email": "dora@example.org", "password1": weak}).content.decode()
    assert 'id="id_password1_error"' in text
    assert not User.objects.exists()


def test_sign_up_can_be_closed(client, db, settings):
    settings.SIGNUP = "closed"
    assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def test_signing_in_and_out(client, alice):
    wrong = client.post("/accounts/login/", {"login": "alice@example.org", "password": "wrong"})
    assert 'class="errors" role="alert"' in wrong.content.decode()
    given = {"login": "alice@example.org", "password": PASSWORD, "next": "/datasets/"}
    right = client.post("/accounts/login/", given)
    assert right.headers["Location"] == "/datasets/"
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_changing_the_password_keeps_one_signed_in(client, alice):
    client.force_login(alice)
    assert client.get("/accounts/password/change/").status_code == 200
    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"},
    )
    assert response.headers["Location"] == "/settings/"
    assert client.get("/settings/").status_code == 200
    alice.refresh_from_db()
    assert alice.check_password("another long one")


def test_a_token_is_shown_once(client, alice):
    client.force_login(alice)
    response = client.post("/settings/tokens/", {"name": "<i>script</i>", "scopes": ["train", "share"]})
    text = response.content.decode()
    plain = text.split('id="new-token"')[1].split(">")[1].split("<")[0]
    assert response.status_code == 201
    assert user_of_token(plain).token.scopes == "train share"
    assert "no-store" in response.headers["Cache-Control"]
    again = client.get("/settings/").content.decode()
    assert plain not in again
    assert "&lt;i&gt;script&lt;/i&gt;" in again
    assert "<i>script" not in again
    assert "train, share" in again


def test_a_token_needs_a_name(client, alice):
    client.force_login(alice)
    for name in ("", "   ", "x" * 101):
        response = client.post("/settings/tokens/", {"name": name, "scopes": ["read"]})
        assert response.status_code == 422
        assert 'id="id_name_error"' in response.content.decode()
    assert not Token.objects.exists()


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_a_token_needs_scopes_that_there_are(client, alice, scopes):
    client.force_login(alice)
    assert client.post("/settings/tokens/", {"name": "script", "scopes": scopes}).status_code == 422
    assert not Token.objects.exists()


def test_a_revoked_token_is_gone(client, alice, token):
    plain = token(alice)
    client.force_login(alice)
    assert "Revoke “test”?" in client.get("/settings/").content.decode()
    client.post(f"/settings/tokens/{Token.objects.get().id}/revoke/")
    assert user_of_token(plain) is None
    assert "Revoke “test”?" not in client.get("/settings/").content.decode()


def test_somebody_elses_token_stays(client, alice, charlie, token):
    plain = token(alice)
    client.force_login(charlie)
    for token_id in (Token.objects.get().id, "made-up", "%00"):
        assert client.post(f"/settings/tokens/{token_id}/revoke/").status_code == 404
    assert user_of_token(plain) == alice


def test_settings_are_for_those_who_signed_in(client, db):
    for path in ("/settings/", "/accounts/password/change/"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/")


def test_addresses_that_need_a_mail_server_are_not_there(client, alice):
    client.force_login(alice)
    for path in ("/accounts/password/reset/", "/accounts/email/", "/accounts/confirm-email/"):
        assert client.get(path).status_code == 404


def test_a_field_says_its_label_once(client, alice):
    entrance = client.get("/accounts/login/").content.decode() + client.get("/accounts/signup/").content.decode()
    client.force_login(alice)
    assert "placeholder" not in entrance + client.get("/accounts/password/change/").content.decode()


def test_whoever_forgot_a_password_is_told_who_gives_a_new_one(client, db):
    assert "./studio manage changepassword" in client.get("/accounts/login/").content.decode()
