"""What a person sees of their own account."""

from __future__ import annotations

from django.db.models import QuerySet

from webapp.accounts.models import Token, User


def tokens_of(user: User) -> QuerySet[Token]:
    """The person's tokens that still work, newest first."""
    return Token.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-id")
