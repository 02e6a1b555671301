"""What a person fills in about models and links. Values are checked by the services."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from webapp.problems import Refused

MAX_DESCRIPTION = 4000


class ModelForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}))
    description = forms.CharField(
        required=False, max_length=MAX_DESCRIPTION, widget=forms.Textarea(attrs={"rows": 5}),
        help_text="what it is good for, what it is not; stands on its card",
    )  # fmt: skip

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class ShareForm(forms.Form):
    ends = forms.ChoiceField(
        label="The link ends",
        choices=[("", "never, until it is revoked"), ("1", "in a day"), ("7", "in a week"), ("30", "in 30 days")],
        required=False,
    )

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["ends"]
        return timezone.now() + timedelta(days=int(days)) if days else None
