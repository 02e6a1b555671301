"""People and their API tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import Token, User
from webapp.ids import is_id
from webapp.live.publish import publish_access
from webapp.names import clean_name
from webapp.problems import Conflict, Invalid
from webapp.teams.roles import SCOPES
from webapp.teams.services import create_personal_team

LONGEST_TOKEN_NAME = 100
LAST_USED_EVERY = timedelta(minutes=1)  # a script that asks ten times a second costs no write each time


def create_user(*, email: str, password: str) -> User:
    """A person with a personal team. Raises Invalid (not an address), Conflict (there is one with this address)."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid.at("email", error.messages[0]) from None
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            create_personal_team(user=user)
    except IntegrityError:
        raise Conflict(f"There is already somebody with the address {email}.") from None
    return user


def create_token(*, user: User, name: str, scopes: Collection[str] = tuple(SCOPES)) -> tuple[Token, str]:
    """A new API token and its plain text, which is shown once and not kept.

    ``scopes`` (of :data:`webapp.teams.roles.SCOPES`) narrow what it may do; by default it may do what the person may.
    Raises Invalid at ``name`` or ``scopes``.
    """
    name = clean_name(name)
    if len(name) > LONGEST_TOKEN_NAME:
        raise Invalid.at("name", f"A token's name has at most {LONGEST_TOKEN_NAME} characters.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid.at("scopes", f"Choose at least one of {', '.join(SCOPES)}.")
    plain = f"unroll_{secrets.token_urlsafe(32)}"
    kept = " ".join(scope for scope in SCOPES if scope in scopes)
    return Token.objects.create(user=user, name=name, prefix=plain[:12], sha256=_hash(plain), scopes=kept), plain


def revoke_token(*, user: User, token_id: str) -> None:
    """The token stops working at once; twice is no error. Raises Http404 when it is not the person's own."""
    tokens = Token.objects.filter(user=user, id=token_id if is_id(token_id) else "")
    if not tokens.exists():
        raise Http404("There is no such token.")
    tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    publish_access(user.id)


def user_of_token(plain: str) -> User | None:
    """Whom the token stands for, with ``token``; None when it is unknown or revoked, or the person no longer active."""
    token = (
        Token.objects.select_related("user")
        .filter(sha256=_hash(plain), revoked_at=None, user__is_active=True)
        .first()
    )  # fmt: skip
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_EVERY:
        Token.objects.filter(id=token.id).update(last_used_at=now)
    token.user.token = token
    return token.user


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
