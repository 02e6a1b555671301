"""Who may sign up, and what they find when they have: allauth asks here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from webapp.accounts.models import User
from webapp.teams.services import create_personal_team


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP == "open"

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form, commit: bool = True) -> User:
        """A person and their personal team, both or neither."""
        user = super().save_user(request, user, form, commit=commit)
        if commit:
            create_personal_team(user=user)
        return user
