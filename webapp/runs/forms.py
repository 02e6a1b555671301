"""What a person fills in about a run. Names are checked by the services."""

from __future__ import annotations

from django import forms

from webapp.problems import Refused
from webapp.runs.selectors import Checkpoint


class NameForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}))

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class PublishForm(NameForm):
    checkpoint = forms.ChoiceField(widget=forms.Select)

    def __init__(self, checkpoints: list[Checkpoint], *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checkpoint"].choices = list(_choices(checkpoints))


def _choices(checkpoints: list[Checkpoint]):
    best = next((point for point in checkpoints if point.best), None)
    last = next((point for point in checkpoints if point.last), None)
    if best:
        yield "best", f"Best so far: step {best.step:,}"
    if last:
        yield "last", f"Newest: step {last.step:,}"
    for point in reversed(checkpoints):
        yield str(point.step), f"Step {point.step:,}"
