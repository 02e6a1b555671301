"""The links to a model: made, listed with how often they were opened, revoked."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from webapp.models import selectors, services
from webapp.models.forms import ShareForm
from webapp.models.models import Model, Version
from webapp.models.views import around
from webapp.origins import absolute
from webapp.pages.dialogs import ask


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shares(request: HttpRequest, model_id: str) -> HttpResponse:
    """The links to a model; a POST makes one, whose address is shown this once."""
    model = selectors.model_for(request.user, model_id, right="share")
    version = selectors.version_of(model, request.GET.get("version"))
    form = ShareForm(version, request.POST or None)
    url = None
    if request.method == "POST" and form.is_valid():
        given = {"expires_at": form.expires_at(), "version": version, "follows": form.follows()}
        _, path = services.share(user=request.user, model=model, **given)
        url = absolute(request, path)
    return _links(request, model, version, form=form, url=url)


@require_POST
@login_required
def revoke(request: HttpRequest, model_id: str, share_id: str) -> HttpResponse:
    share = selectors.share_for(request.user, share_id)
    services.revoke(user=request.user, share=share)
    model = selectors.model_for(request.user, model_id)
    version = selectors.version_of(model)
    return _links(request, model, version, form=ShareForm(version), revoked=True)


def _links(request: HttpRequest, model: Model, version: Version, **context: Any) -> HttpResponse:
    links = list(selectors.shares_of(request.user, model))
    context |= {"shares": links, "version": version, "now": timezone.now()}
    status = 422 if context["form"].errors else 200
    return ask(request, "models/_shares.html", around(model, "Share", **context), status=status)
