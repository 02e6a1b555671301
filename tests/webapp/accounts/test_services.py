"""People and tokens."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.http import Http404
from django.test import Client
from django.utils import timezone

from webapp.accounts import selectors, services
from webapp.accounts.models import Token, User
from webapp.problems import Conflict, Invalid
from webapp.teams.roles import SCOPES
from webapp.teams.selectors import require_in, teams_of

pytestmark = pytest.mark.django_db


def test_a_person_has_a_personal_team_from_the_start():
    user = services.create_user(email=" Ada@Example.org ", password="x")
    assert user.email == "ada@example.org"
    team = teams_of(user).get()
    assert (team.name, team.role, team.personal_of) == ("ada", "owner", user)
    assert user.check_password("x")


def test_an_address_is_taken_once_and_has_to_be_one(alice):
    with pytest.raises(Conflict):
        services.create_user(email="ALICE@example.org", password="x")
    with pytest.raises(Invalid):
        services.create_user(email="not an address", password="x")
    assert User.objects.count() == 1


def test_signing_up_makes_the_team_too(settings):
    form = {"email": "eve@example.org", "password1": "a good long password"}
    answer = Client().post("/accounts/signup/", form)
    assert answer.status_code == 302
    assert teams_of(User.objects.get()).count() == 1
    settings.SIGNUP = "closed"
    Client().post("/accounts/signup/", form | {"email": "mallory@example.org"})
    assert User.objects.count() == 1


def test_no_way_leads_to_a_mail_that_nobody_sends():
    for path in ("/accounts/password/reset/", "/accounts/email/", "/accounts/confirm-email/"):
        assert Client().get(path).status_code == 404
    assert b"reset" not in Client().get("/accounts/login/").content.lower()


def test_a_token_is_kept_as_a_hash_and_stands_for_its_person(alice):
    token, plain = services.create_token(user=alice, name="laptop")
    assert plain.startswith("unroll_")
    kept = str(Token.objects.values().get())
    assert plain not in kept
    assert plain[12:] not in kept
    assert services.user_of_token(plain) == alice
    assert services.user_of_token(plain + "x") is None
    assert services.user_of_token("") is None
    assert list(selectors.tokens_of(alice)) == [token]


def test_a_revoked_token_stops_at_once(alice, charlie):
    token, plain = services.create_token(user=alice, name="laptop")
    with pytest.raises(Http404):
        services.revoke_token(user=charlie, token_id=token.id)
    assert services.user_of_token(plain) == alice
    services.revoke_token(user=alice, token_id=token.id)
    services.revoke_token(user=alice, token_id=token.id)
    assert services.user_of_token(plain) is None
    assert not selectors.tokens_of(alice).exists()


def test_someone_who_is_no_longer_active_has_no_tokens(alice):
    _, plain = services.create_token(user=alice, name="laptop")
    User.objects.update(is_active=False)
    assert services.user_of_token(plain) is None


def test_the_last_use_is_known_to_the_minute_and_costs_no_write_each_time(alice, django_assert_num_queries):
    token, plain = services.create_token(user=alice, name="laptop")
    services.user_of_token(plain)
    token.refresh_from_db()
    assert timezone.now() - token.last_used_at < timedelta(seconds=10)
    with django_assert_num_queries(1):
        services.user_of_token(plain)
    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=5))
    services.user_of_token(plain)
    token.refresh_from_db()
    assert timezone.now() - token.last_used_at < timedelta(seconds=10)


@pytest.mark.parametrize("name", ["", "  ", "a" * 101])
def test_a_token_has_a_name(alice, name):
    with pytest.raises(Invalid):
        services.create_token(user=alice, name=name)


def test_the_commands_print_what_scripts_read():
    out = StringIO()
    call_command("create_user", "bot@example.org", "--password", "secret", stdout=out)
    assert out.getvalue() == f"{User.objects.get().id}\n"
    with pytest.raises(CommandError, match="already"):
        call_command("create_user", "bot@example.org", "--password", "secret", stdout=out)
    out = StringIO()
    call_command("create_token", "BOT@example.org", stdout=out)
    plain = out.getvalue()
    assert plain.endswith("\n")
    assert services.user_of_token(plain[:-1]) == User.objects.get()
    with pytest.raises(CommandError, match="Nobody"):
        call_command("create_token", "nobody@example.org")


def test_scopes_narrow_what_the_role_allows(alice):
    reader = services.user_of_token(services.create_token(user=alice, name="reader", scopes=["read"])[1])
    trainer = services.user_of_token(services.create_token(user=alice, name="trainer", scopes=["train"])[1])
    team = alice.personal_team.id
    for user in (reader, trainer):
        require_in(user, team, "view")
    require_in(trainer, team, "train")
    for user, right in ((reader, "train"), (trainer, "share"), (trainer, "manage")):
        with pytest.raises(PermissionDenied, match="scopes"):
            require_in(user, team, right)
    for scopes in ([], ["everything"]):
        with pytest.raises(Invalid):
            services.create_token(user=alice, name="none", scopes=scopes)


def test_the_command_makes_a_token_that_may_do_everything(alice):
    plain = call_command("create_token", "alice@example.org")
    assert set(services.user_of_token(plain).token.scope_list) == set(SCOPES)
