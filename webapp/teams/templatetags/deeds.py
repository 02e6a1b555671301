"""Lines of the history, as sentences."""

from __future__ import annotations

from django import template

from webapp.teams.history import sentence

register = template.Library()
register.filter("sentence", sentence)
