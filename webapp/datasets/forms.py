"""What a person fills in about datasets. Names are checked by the services; uploads go past forms, by tus."""

from __future__ import annotations

from typing import Any

from django import forms

from webapp.datasets.made import KINDS, SEEDS
from webapp.datasets.roles import NUMERIC, ROLES, Column
from webapp.problems import Refused

MAX_PASTED = 1_000_000  # characters; Django holds a posted form in memory


class NameForm(forms.Form):
    name = forms.CharField(max_length=200)

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class RolesForm(forms.Form):
    """What each column is for: a field ``role-N`` for the Nth column (names of columns are anybody's)."""

    def __init__(self, columns: list[Column], data: Any = None) -> None:
        super().__init__(data)
        self.columns = columns
        for number, column in enumerate(columns):
            self.fields[f"role-{number}"] = forms.ChoiceField(
                label=column["name"], required=False, initial=column["role"] or "", choices=_roles(column)
            )

    def roles(self) -> dict[str, str]:
        """What was chosen, by column name."""
        return {column["name"]: self.cleaned_data[f"role-{number}"] for number, column in enumerate(self.columns)}

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the column that it names, or on top."""
        places = {f"columns.{column['name']}": f"role-{number}" for number, column in enumerate(self.columns)}
        for field, message in refused.errors or [("", str(refused))]:
            self.add_error(places.get(field), message)


def _roles(column: Column) -> list[tuple[str, str]]:
    fitting = [
        (role, spec.label) for role, spec in ROLES.items() if column["kind"] in NUMERIC.get(role, [column["kind"]])
    ]
    return [("", "not used"), *fitting]


class SyntheticForm(forms.Form):
    """Data that is made here."""

    name = forms.ChoiceField(label="Data", choices=[(choice.name, choice.label) for choice in KINDS.values()])
    count = forms.IntegerField(
        label="How much",
        required=False,
        min_value=1,
        help_text="Characters, records or rows; left empty, as the card says",
    )
    seed = forms.IntegerField(
        label="Seed",
        required=False,
        min_value=0,
        max_value=SEEDS,
        initial=1,
        help_text="The same seed makes the same data",
    )

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [("", str(refused))]:
            known = {"kind": "name"}.get(field, field)
            self.add_error(known if known in self.fields else None, message)


class PasteForm(NameForm):
    format = forms.ChoiceField(
        label="Read it as", required=False,
        choices=[("", "what it looks like"), ("text", "running text"), ("csv", "a table: CSV"),
                 ("tsv", "a table: cells between tabs"), ("jsonl", "records: an object of JSON a line"),
                 ("conll", "tagged words, one a line"), ("conllu", "tagged words, CoNLL-U")],
    )  # fmt: skip
    text = forms.CharField(
        max_length=MAX_PASTED, strip=False, widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text=f"Up to {MAX_PASTED:,} characters; drop longer texts as a file",
    )  # fmt: skip
