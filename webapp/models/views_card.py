"""A model's card under many hands: what two people change at once is shown to the second, never overwritten."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from webapp.models import selectors, services
from webapp.models.forms import CardForm, written
from webapp.models.models import Model
from webapp.models.views import url
from webapp.problems import Refused

TRIES = 3  # how often it is merged anew when others save in the same moment


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, model_id: str) -> HttpResponse:
    """Name and card. Only the fields that the person changed are written; one that somebody else changed meanwhile
    comes back with both texts beside one another, and is written when it is sent again."""
    for _ in range(TRIES):
        model = selectors.model_for(request.user, model_id, right="publish")
        if request.method != "POST":
            return _page(request, model, CardForm(initial=written(model)))
        form = CardForm(_whole(request.POST, written(model)), initial=written(model))
        valid = form.is_valid()
        if theirs := _theirs(form, model):
            return _beside(request, model, form, theirs)
        if not valid:
            return _page(request, model, form, status=422)
        name, card = form.changes()
        try:
            services.update(user=request.user, model=model, name=name, card=card, revision=model.revision)
        except services.Stale:
            continue
        except Refused as refused:
            form.blame(refused)
            return _page(request, model, form, status=422)
        return redirect(url(model))
    form.add_error(None, "Others are saving this card all the time. Press Save once more.")
    return _page(request, model, form, status=409)


def _theirs(form: CardForm, model: Model) -> list[str]:
    """The fields that were changed in the form and, since it was opened, by somebody else to something else."""
    now = written(model)

    def differs(name: str, key: str) -> bool:
        field = form.fields[name]
        return field.to_python(now[name]) != field.to_python(form.data[key])

    return [name for name in form.changed_data if differs(name, name) and differs(name, f"initial-{name}")]


def _beside(request: HttpRequest, model: Model, form: CardForm, theirs: list[str]) -> HttpResponse:
    """The form again: what stands now is what it is compared with, and is taken over where only others wrote."""
    now, data = written(model), form.data.copy()
    for name, text in now.items():
        data[f"initial-{name}"] = text
        if name not in form.changed_data:
            data[name] = text
    again = CardForm(data, initial=now)
    again.is_valid()
    return _page(request, model, again, status=409, theirs={name: now[name] for name in theirs})


def _whole(sent: QueryDict, now: dict[str, str]) -> QueryDict:
    """What was sent; a field that was not, and one that does not say what it was opened with, is as it stands now."""
    data = sent.copy()
    for name, text in now.items():
        data.setdefault(name, text)
        data.setdefault(f"initial-{name}", text)
    return data


def _page(
    request: HttpRequest, model: Model, form: CardForm, *, status: int = 200, theirs: dict[str, str] | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "model": model, "form": form, "theirs": theirs or {},
        "fields": [(field, (theirs or {}).get(field.name)) for field in form],
    }  # fmt: skip
    return render(request, "models/edit.html", context, status=status)
