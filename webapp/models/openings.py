"""Who opened a link, and how often: people who are signed in by name, all others as a number."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F, Prefetch
from django.utils import timezone

from webapp.accounts.models import User
from webapp.models.models import Opening, Share

WITH_PEOPLE = Prefetch("openings", queryset=Opening.objects.select_related("user").order_by("-last_at", "-id"))
"""For a query of shares: their ``openings``, whoever came last first."""


def opened(share: Share, user: User | AnonymousUser) -> None:
    """Counts an opening of the shared page. Of who is not signed in nothing is kept."""
    now = timezone.now()
    with transaction.atomic():
        held = Share.objects.filter(id=share.id).update(opened=F("opened") + 1, last_opened_at=now)
        if not held or not user.is_authenticated:
            return
        Opening.objects.get_or_create(share=share, user=user, defaults={"last_at": now})
        Opening.objects.filter(share=share, user=user).update(times=F("times") + 1, last_at=now)
