"""The recipe as a form, made from the recipe's own fields: one text for forms, REST and the command line.

A field that is left empty is a field that the recipe leaves open: what it will become stands in it as a placeholder,
and follows the length of the text and the other fields. What is wrong is said by the recipe itself, at the field.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import cached_property

from rnncore import catalog, recipe
from rnncore.errors import RecipeError
from rnncore.plan import Plan
from rnncore.recipe import FieldSpec, Recipe
from webapp.datasets.models import Dataset, Version
from webapp.runs.estimate import planned

PLAIN = {"task": {"kind": "language_model"}}
LEFT_OUT = {"task.kind", "network.bidirectional"}  # there is one task, and it cannot read from the end
TOPICS = {
    "network": "Network", "training": "Training", "data": "Data", "end": "Checks and end", "samples": "Samples",
    "machine": "Machine",
}  # fmt: skip
CHOICES = {
    "tokens": catalog.TOKENS, "cell": catalog.CELLS, "nonlinearity": catalog.NONLINEARITIES, "init": catalog.INITS,
    "schedule": catalog.SCHEDULES, "optimizer": catalog.OPTIMIZERS, "precision": catalog.PRECISIONS,
}  # fmt: skip
ONLY_FOR = {"network.nonlinearity": "network.cell=rnn", "task.vocabulary_size": "task.tokens=word bpe"}
"""Fields that mean something only beside certain values of another; the page hides them beside others."""


class RecipeForm(forms.Form):
    """A recipe for one dataset version. Valid, it has ``recipe`` (as given) and ``plan`` (filled in, with costs)."""

    name = forms.CharField(
        required=False, max_length=200, label="Name of the run",
        widget=forms.TextInput({"placeholder": "from the text and the network", "autocomplete": "off"}),
    )  # fmt: skip
    valid = forms.ModelChoiceField(
        None, required=False, label="Validation text", empty_label="The validation share of this text",
        help_text="a dataset to measure on in its place",
    )  # fmt: skip
    test = forms.ModelChoiceField(
        None, required=False, label="Test text", empty_label="The test share of this text",
        help_text="a dataset that is looked at once, in its place",
    )  # fmt: skip

    def __init__(self, version: Version, others: QuerySet[Dataset], data: Any = None) -> None:
        super().__init__(data)
        self.version = version
        self.recipe: Recipe | None = None
        self.plan: Plan | None = None
        self._sound: dict[str, dict[str, Any]] = PLAIN  # the fields that are right, where not all are
        self.specs = [spec for spec in recipe.fields() if spec.path not in LEFT_OUT and spec.serves("language_model")]
        for name in ("valid", "test"):
            self.fields[name].queryset = others
        for spec in self.specs:
            self.fields[spec.path] = _field(spec)

    def clean(self) -> dict[str, Any]:
        body: dict[str, dict[str, Any]] = {table: dict(values) for table, values in PLAIN.items()}
        for spec in self.specs:
            if text := self.cleaned_data.get(spec.path):
                body.setdefault(spec.table, {})[spec.name] = read(spec, text)
        try:
            self.recipe = Recipe.parse(body)
            self.plan = planned(self.version, self.recipe)
        except RecipeError as error:
            self.blame(error.errors)
            self._sound = {
                table: {name: value for name, value in values.items() if f"{table}.{name}" not in self.errors}
                for table, values in body.items()
            }
        return self.cleaned_data

    def blame(self, errors: list[tuple[str, str]]) -> None:
        """Writes what is wrong at the fields; a list's item (``sampling.prompts.0``) at the list."""
        for path, message in errors:
            known = next((name for name in self.fields if path == name or path.startswith(f"{name}.")), None)
            self.add_error(known, f"{message[0].upper()}{message[1:].rstrip('.')}.")

    @cached_property
    def offered(self) -> Plan:
        """What empty fields will become, by what was given as far as it is right."""
        if self.plan:
            return self.plan
        try:
            return planned(self.version, Recipe.parse(self._sound))
        except RecipeError:  # what is left still contradicts itself
            return planned(self.version, Recipe.parse(PLAIN))

    def placeholders(self) -> dict[str, str]:
        """What each field of the recipe shows while it is empty."""
        filled = self.offered.recipe
        texts = {spec.path: write(spec, getattr(getattr(filled, spec.table), spec.name)) for spec in self.specs}
        for spec in self.specs:
            if isinstance(self.fields[spec.path].widget, forms.Select) and texts[spec.path] != "Default":
                texts[spec.path] += " (default)"
        return texts


def _field(spec: FieldSpec) -> forms.CharField:
    """A field of text, whatever its type: the recipe reads it and says what is wrong with it."""
    attrs: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
    help_text, widget = spec.help, forms.TextInput
    if spec.choices or spec.type is bool:
        widget, attrs = forms.Select, {}
    elif spec.many and spec.type is str:
        help_text, widget = f"{spec.help}; one a line, \\n for a line end", forms.Textarea
        attrs["rows"] = 3
    elif not spec.many and spec.type in (int, float):
        attrs["inputmode"] = "numeric" if spec.type is int else "decimal"
    if condition := ONLY_FOR.get(spec.path):
        attrs["data-only-for"] = condition
    field = forms.CharField(required=False, strip=False, label=spec.label, help_text=help_text, widget=widget(attrs))
    if widget is forms.Select:
        field.widget.choices = [("", ""), *_choices(spec)]
    return field


def _choices(spec: FieldSpec) -> list[tuple[str, str]]:
    if spec.type is bool:
        return [("true", "Yes"), ("false", "No")]
    return [(name, CHOICES[spec.name][name].label) for name in spec.choices]


def read(spec: FieldSpec, text: str) -> Any:
    """What somebody typed as the field's type; as it is where that fails, so that the recipe says what is wrong."""
    if spec.many:
        lines = text.replace("\r\n", "\n").split("\n") if spec.type is str else text.replace(",", " ").split()
        return [_one(spec.type, line) for line in lines]
    return _one(spec.type, text)


def _one(kind: type, text: str) -> Any:
    if kind is str:
        return text.replace("\\n", "\n").replace("\\t", "\t")
    if kind is bool:
        return {"true": True, "false": False}.get(text, text)
    text = text.replace(",", "").strip()
    for number in (int, kind):  # what is typed without a point is said back without one
        try:
            return number(text)
        except ValueError:
            pass
    return text


def typed(spec: FieldSpec, value: Any) -> str:
    """A field's value as somebody would have typed it: the inverse of :func:`read`."""
    texts = [_one_typed(item) for item in (value if spec.many else [value])]
    return ("\n" if spec.type is str else " ").join(texts)


def _one_typed(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    return item.replace("\n", "\\n").replace("\t", "\\t") if isinstance(item, str) else repr(item)


def write(spec: FieldSpec, value: Any) -> str:
    """A field's value as a person reads it; what :func:`read` takes, but for choices, which have labels."""
    if value is None:
        return "no limit"
    if spec.many and spec.type is str:
        return "\n".join(item.replace("\n", "\\n") for item in value) or "unprimed"
    if spec.many:
        return ", ".join(f"{item:g}" for item in value)
    if spec.type is bool:
        return "Yes" if value else "No"
    if spec.choices:
        return CHOICES[spec.name][value].label
    return f"{value:.6g}" if spec.type is float else str(value).replace("\n", "\\n")


def summary(topic: str, filled: Recipe) -> str:
    """What a folded topic comes to, in a line."""
    return " · ".join(_SUMMARIES[topic](filled))


def _network(filled: Recipe) -> list[str]:
    network = filled.network
    cell = catalog.CELLS[network.cell].label
    return [cell, f"dropout {network.dropout:g}", f"embedding {network.embedding_size}"]


def _training(filled: Recipe) -> list[str]:
    training = filled.training
    optimizer = catalog.OPTIMIZERS[training.optimizer].label
    clip = f"clip {training.clip_norm:g}" if training.clip_norm else "no clipping"
    return [optimizer, clip, f"warm-up {training.warmup_steps}", training.schedule, f"seed {training.seed}"]


def _data(filled: Recipe) -> list[str]:
    documents = {"none": "one document", "lines": "a document a line", "records": "documents between empty lines"}
    return [
        catalog.TOKENS[filled.task.tokens].label.lower(),
        f"last {100 * filled.training.validation_fraction:.3g}\u00a0% for validation",
        documents.get(filled.task.documents, "documents by a separator"),
    ]


def _end(filled: Recipe) -> list[str]:
    training = filled.training
    limits = {"steps": training.max_steps, "epochs": training.max_epochs, "minutes": training.max_minutes}
    ends = [f"{limit:,g} {unit}" for unit, limit in limits.items() if limit]
    return [*ends, f"validates every {training.evaluate_every:,} steps", f"patience {training.patience}"]


def _samples(filled: Recipe) -> list[str]:
    sampling = filled.sampling
    if not sampling.every:
        return ["none"]
    count = len(sampling.temperatures)
    temperatures = f"{count} temperature{'' if count == 1 else 's'}"
    return [f"every {sampling.every:,} steps", temperatures, f"{sampling.length:,} tokens"]


def _machine(filled: Recipe) -> list[str]:
    return [f"device {filled.training.device}", f"precision {filled.training.precision}"]


_SUMMARIES = {
    "network": _network, "training": _training, "data": _data, "end": _end, "samples": _samples, "machine": _machine,
}  # fmt: skip
