"""What a person fills in about datasets. Names are checked by the services; uploads go past forms, by tus."""

from __future__ import annotations

from django import forms

from webapp.problems import Refused

MAX_PASTED = 1_000_000  # characters; Django holds a posted form in memory


class NameForm(forms.Form):
    name = forms.CharField(max_length=200)

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class PasteForm(NameForm):
    text = forms.CharField(
        max_length=MAX_PASTED, strip=False, widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text=f"Up to {MAX_PASTED:,} characters; drop longer texts as a file",
    )  # fmt: skip
