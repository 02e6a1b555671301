"""Questions that open in a dialog over the page, and on a page of their own where there is no script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def ask(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """``template`` alone to a script that asks for a fragment, else on a page around it."""
    if request.htmx:
        return render(request, template, context, status=status)
    return render(request, "components/dialog_page.html", {**context, "inside": template}, status=status)


def leave(request: HttpRequest, to: str) -> HttpResponse:
    """Leads to another page: the script that sent a form is told where to go."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": to})
    return redirect(to)
