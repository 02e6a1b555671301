"""What a person fills in about models and links. Values are checked by the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from webapp.models.models import Model, Version
from webapp.models.words import LICENCES, MOST
from webapp.problems import Refused

FEW = "Paragraphs, lists, **strong**, *emphasis*, `code` and links; HTML stays text"


class Text(forms.CharField):
    """Lines end as everywhere here, not as browsers send them."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


def _long(rows: int, name: str, help_text: str) -> Text:
    # No `maxlength`: a browser would cut what is pasted without a word. The page counts, the service refuses.
    widget = forms.Textarea(attrs={"rows": rows, "data-most": MOST[name]})
    return Text(required=False, widget=widget, show_hidden_initial=True, help_text=help_text)


class CardForm(forms.Form):
    """The name and the words of a model. Each field carries what stood there when the form was opened, so that what
    two people write can be told apart field by field."""

    name = forms.CharField(show_hidden_initial=True, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = _long(3, "description", "in a sentence or two: what it is and what it can do")
    licence = forms.CharField(
        required=False, show_hidden_initial=True,
        widget=forms.TextInput(attrs={"list": "licences", "autocomplete": "off", "spellcheck": "false"}),
        help_text="what others may do with it: an SPDX identifier like Apache-2.0, or your own words",
    )  # fmt: skip
    tags = forms.CharField(
        required=False, show_hidden_initial=True, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="words to find it by, with commas between them",
    )  # fmt: skip
    intended_use = _long(6, "intended_use", f"who it is for, what it should not be used for. {FEW}")
    note = _long(8, "note", f"what it was made of, where it goes wrong, what you tried. {FEW}")

    licences = LICENCES

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            name = (field or "").removeprefix("card.")
            self.add_error(name if name in self.fields else None, message)

    def changes(self) -> tuple[str | None, dict[str, Any]]:
        """The name and the fields of the card that the person changed, as the service takes them."""
        given = {name: self.cleaned_data[name] for name in self.changed_data}
        if "tags" in given:
            given["tags"] = given["tags"].split(",")
        name = given.pop("name", None)
        return name, {field: value or None for field, value in given.items()}


def written(model: Model) -> dict[str, str]:
    """What stands in the form's fields."""
    words = {name: model.words.get(name) or "" for name in MOST}
    return {"name": model.name, "tags": model.tags, **words}


class ShareForm(forms.Form):
    shows = forms.ChoiceField(label="It shows", widget=forms.Select(attrs={"autofocus": True}))
    ends = forms.ChoiceField(
        label="It ends",
        choices=[("", "never, until it is revoked"), ("1", "in a day"), ("7", "in a week"), ("30", "in 30 days")],
        required=False,
    )

    def __init__(self, version: Version, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shows"].choices = [
            ("this", f"version {version.number}, always"), ("newest", "the newest version, whenever it is opened")
        ]  # fmt: skip

    def follows(self) -> bool:
        return self.cleaned_data["shows"] == "newest"

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["ends"]
        return timezone.now() + timedelta(days=int(days)) if days else None
