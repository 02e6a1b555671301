"""What a person fills in about a run. Names are checked by the services."""

from __future__ import annotations

from typing import Any

from django import forms

from rnncore.continuing import ENDS
from webapp.models.models import Model
from webapp.problems import Refused
from webapp.runs.models import Run, Status
from webapp.runs.selectors import Checkpoint


class NameForm(forms.Form):
    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}))

    def blame(self, refused: Refused) -> None:
        """Writes what a service refused at the field that it names, or on top."""
        for field, message in refused.errors or [(None, str(refused))]:
            self.add_error(field if field in self.fields else None, message)


class PublishForm(NameForm):
    """A checkpoint as a model of its own, which wants a name, or as the next version of one of ``models``."""

    field_order = ("checkpoint", "model", "name")
    use_required_attribute = False  # the name is out of sight where it is not wanted
    checkpoint = forms.ChoiceField(widget=forms.Select)
    model = forms.ChoiceField(label="As", required=False, widget=forms.Select)

    def __init__(self, checkpoints: list[Checkpoint], models: list[Model], *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.models = {model.id: model for model in models}
        self.fields["checkpoint"].choices = list(_choices(checkpoints))
        next_of = [(id, f"version {model.numbered + 1} of {model.name}") for id, model in self.models.items()]
        self.fields["model"].choices = [("", "a new model"), *next_of]
        self.fields["name"].required = not self.data.get("model")

    def given(self) -> dict[str, Any]:
        """What the service takes."""
        model = self.models.get(self.cleaned_data["model"])
        name = self.cleaned_data["name"] if model is None else None
        return {"checkpoint": self.cleaned_data["checkpoint"], "model": model, "name": name}


def _choices(checkpoints: list[Checkpoint]):
    best = next((point for point in checkpoints if point.best), None)
    last = next((point for point in checkpoints if point.last), None)
    if best:
        yield "best", f"Best so far: step {best.step:,}"
    if last:
        yield "last", f"Newest: step {last.step:,}"
    for point in reversed(checkpoints):
        yield str(point.step), f"Step {point.step:,}"


class LongerForm(forms.Form):
    """For how many steps more a run shall go on from a checkpoint, in place of all the ends it had."""

    more = forms.IntegerField(
        label="More steps", min_value=1, max_value=10**9,
        widget=forms.NumberInput(attrs={"autofocus": True, "autocomplete": "off", "inputmode": "numeric"}),
    )  # fmt: skip

    def __init__(self, run: Run, point: Checkpoint, data: Any = None) -> None:
        self.run, self.point = run, point
        ends = run.filled.get("training", {})
        planned = 0 if run.status == Status.FINISHED else ends.get("max_steps") or 0
        self.offered_total = max(planned, 2 * point.step, point.step + 1)
        super().__init__(data, initial={"more": self.offered_total - point.step})

    @property
    def total(self) -> int | None:
        """The step that it would go to; None where no number was given."""
        more = self.cleaned_data.get("more")
        return None if more is None else self.point.step + more

    @property
    def recipe(self) -> dict[str, Any]:
        return self.recipe_of(self.run, self.total)

    @staticmethod
    def recipe_of(run: Run, total: int) -> dict[str, Any]:
        """The run's recipe with one end: so many steps."""
        kept = {name: value for name, value in run.filled["training"].items() if name not in ENDS}
        return {**run.filled, "training": {**kept, "max_steps": total}}

    def blame(self, refused: Refused) -> None:
        """Writes on top what a service refused."""
        self.add_error(None, str(refused))
