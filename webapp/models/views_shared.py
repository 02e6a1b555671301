"""What a shared link opens: the playground alone, for anybody who has the link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webapp.models import openings, selectors
from webapp.models.shown import facts


@require_safe
@never_cache
def playground(request: HttpRequest, secret: str) -> HttpResponse:
    share = selectors.shared(secret)
    if share is None:
        return render(request, "models/shared_gone.html", status=404)
    if request.method == "GET":
        openings.opened(share, request.user)
    sharer = share.created_by.email.partition("@")[0] if share.created_by else None
    api = reverse("shared:playground", args=[secret])
    context = facts(share.shown, api) | {"share": share, "sharer": sharer}
    return render(request, "models/shared.html", context)
