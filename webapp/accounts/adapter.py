"""Who may sign up, and what they find when they have: allauth asks here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect

from webapp.accounts.models import User
from webapp.teams.invitations import brings, is_open
from webapp.teams.services import create_personal_team
from webapp.teams.views_invitations import KEY


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """By ``UNROLL_SIGNUP``: for everybody, nobody, or (``invite``) who came by the link of an open invitation."""
        if settings.SIGNUP == "invite":
            return is_open(request.session.get(KEY, ""))
        return settings.SIGNUP == "open"

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form, commit: bool = True) -> User:
        """A person and their personal team, both or neither; where sign-up is by invitation, one person a link."""
        user = super().save_user(request, user, form, commit=commit)
        if commit and settings.SIGNUP == "invite" and not brings(secret=request.session.get(KEY, ""), user=user):
            raise ImmediateHttpResponse(redirect("account_signup"))  # used, ended or revoked since the page was opened
        if commit:
            create_personal_team(user=user)
        return user
