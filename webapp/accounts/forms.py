"""What a person fills in about their account."""

from __future__ import annotations

from django import forms

from webapp.teams.roles import SCOPES

SCOPE_WORDS = {
    "read": "Read: see and use everything that you see",
    "train": "Train: add data, start and stop runs",
    "share": "Share: publish models, make links to them",
    "delete": "Delete data, runs and models",
    "manage": "Manage: invite people into your teams",
}


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="What will use it, so that you know it again")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        initial=["read", "train"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
