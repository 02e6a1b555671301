"""What people write, as a page shows it: a small part of Markdown, without HTML, pictures or headings of its own."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

register = template.Library()

# `html` off writes every tag as text; markdown-it itself drops links to javascript:, vbscript:, file: and data:.
_READER = MarkdownIt("zero", {"html": False, "breaks": True}).enable([
    "blockquote", "code", "fence", "list", "backticks", "emphasis", "link", "autolink", "escape", "entity", "newline",
    "balance_pairs", "fragments_join",
])  # fmt: skip
ELSEWHERE = {"rel": "nofollow noopener noreferrer", "class": "link"}


@register.filter
def prose(text: str | None) -> SafeString:
    """Paragraphs, lists, quotes, code, emphasis and links; all else stays text.

    >>> prose("**a** <b>")
    '<p><strong>a</strong> &lt;b&gt;</p>\\n'
    """
    tokens = _READER.parse(text or "")
    for token in _all(tokens):
        if token.type == "link_open":
            token.attrs.update(ELSEWHERE)
    return mark_safe(_READER.renderer.render(tokens, _READER.options, {}))  # noqa: S308 - see _READER


def _all(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *_all(token.children or []))]
