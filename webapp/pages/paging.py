"""A page of a list that people read, and what of its address was not understood."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

Wrong = list[tuple[str, str]]
"""Names of the address, each with why it is left out; templates/components/left_out.html says so."""


def page_of(request: HttpRequest, rows: Any, size: int) -> tuple[Page, Wrong]:
    """The page that is asked for, else the one nearest to it, which is told."""
    pages, asked = Paginator(rows, size), request.GET.get("page", "1")
    page = pages.get_page(asked)
    wrong = [] if asked == str(page.number) else [("page", f"there is no page {asked!r:.60} of {pages.num_pages}")]
    return page, wrong


def no_order(name: str, orders: Any) -> tuple[str, str]:
    return "sort", f"there is no order {name!r:.60}; there are {', '.join(orders)}"
