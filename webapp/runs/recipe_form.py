"""The recipe as a form, made from the recipe's own fields: one text for forms, REST and the command line.

A field that is left empty is a field that the recipe leaves open: what it will become stands in it as a placeholder,
and follows the length of the text and the other fields. What is wrong is said by the recipe itself, at the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import cached_property

from rnncore import catalog, recipe
from rnncore.errors import RecipeError
from rnncore.plan import Plan
from rnncore.recipe import FieldSpec, Recipe
from rnncore.weights import Weights
from webapp.datasets import roles
from webapp.datasets.models import Dataset, Version
from webapp.datasets.tasks import TEXT, proposed, servable
from webapp.problems import Invalid
from webapp.runs import presets
from webapp.runs.estimate import planned, refuse_strange
from webapp.runs.facts import with_columns

KIND = "task.kind"
TOPICS = {
    "columns": "Columns", "network": "Network", "training": "Training", "data": "Data", "end": "Checks and end",
    "samples": "Samples", "machine": "Machine",
}  # fmt: skip
CHOICES = {
    "kind": catalog.TASKS, "tokens": catalog.TOKENS, "target_tokens": catalog.TOKENS, "pooling": catalog.POOLINGS,
    "attention": catalog.ATTENTIONS, "strategy": catalog.STRATEGIES, "cell": catalog.CELLS,
    "nonlinearity": catalog.NONLINEARITIES, "init": catalog.INITS, "schedule": catalog.SCHEDULES,
    "optimizer": catalog.OPTIMIZERS, "precision": catalog.PRECISIONS,
}  # fmt: skip
ONLY_FOR = {"network.nonlinearity": "network.cell=rnn", "task.vocabulary_size": "task.tokens=word bpe"}
"""Fields that mean something only beside certain values of another; the page hides them beside others."""
WORDS = {
    "training.batch_size": {
        "language_model": ("streams of text read side by side", "streams"),
        "records": ("records read side by side, of about one length", "records"),
        "series": ("windows read side by side", "windows"),
    },
    "training.sequence_length": {
        "language_model": ("steps before the gradient is cut", "tokens"),
        "records": ("of a longer record, only so many are learned", "steps"),
    },
}  # fmt: skip
"""Help and unit of fields that mean another thing by how a task reads its data."""


@dataclass(frozen=True)
class Begin:
    """What a run may start from, ``(task, key, label)`` each, and the ``weights`` that were chosen; ``wrong``: why they
    cannot be had."""

    choices: Sequence[tuple[str, str, str]] = ()
    weights: Weights | None = None
    wrong: str = ""


NEW = Begin()


class RecipeForm(forms.Form):
    """A recipe for one dataset version. Valid, it has ``recipe`` (as given) and ``plan`` (filled in, with costs).

    ``kind``: of the task whose fields are shown; what ``data`` says goes before, what the columns propose after it.
    ``presets``: what each of them puts into the fields; ``preset``: the one that the form was filled from.
    """

    name = forms.CharField(
        required=False, max_length=200, label="Name of the run",
        widget=forms.TextInput({"placeholder": "named for you", "autocomplete": "off"}),
    )  # fmt: skip
    valid = forms.ModelChoiceField(
        None, required=False, label="Validation data", empty_label="The validation share of this data",
        help_text="a dataset to measure on in its place",
    )  # fmt: skip
    test = forms.ModelChoiceField(
        None, required=False, label="Test data", empty_label="The test share of this data",
        help_text="a dataset that is looked at once, in its place",
    )  # fmt: skip

    start = forms.CharField(
        required=False, label="Start from", widget=forms.Select,
        help_text="begin with what a model has learned in place of new weights; the network is then as the model's",
    )  # fmt: skip

    def __init__(
        self, version: Version, others: QuerySet[Dataset], data: Any = None, kind: str | None = None, *,
        source: dict[str, Any] | None = None, begin: Begin = NEW,
    ) -> None:  # fmt: skip
        """``source``: the fields of a run that is cloned, beside which changes are marked; ``begin``: what it starts
        from."""
        super().__init__(data)
        self.version, self.source, self.begin = version, source, begin
        self.recipe: Recipe | None = None
        self.plan: Plan | None = None
        self.kinds = servable(version)
        offered = proposed(version) or TEXT
        self.asked = (data or {}).get(KIND) or kind or offered
        self.kind = self.asked if self.asked in catalog.TASKS else offered
        self.plain = {"task": {"kind": self.kind}}
        self._sound: dict[str, dict[str, Any]] = self.plain  # the fields that are right, where not all are
        self.specs = [_worded(spec, self.kind) for spec in recipe.fields() if _shown(spec, self.kind)]
        for name in ("valid", "test"):
            self.fields[name].queryset = others
        self.fields[KIND] = _kinds(self.kinds, self.kind)
        self.columns = roles.columns(version)
        for spec in self.specs:
            self.fields[spec.path] = _columns(spec, self.columns) if spec.topic == "columns" else _field(spec)
        self.presets = {}  # they would set what the weights decide, or what the cloned run had
        if source is None and begin.weights is None:
            self.presets = presets.typed_values(version, with_columns(version, Recipe.parse(self.plain)))
        choices = [choice for kind, *choice in begin.choices if kind == self.kind]
        self.fields["start"].widget.choices = [("", "New weights, drawn by chance"), *choices]
        asked = (data or {}).get("preset")
        self.preset = asked if asked in self.presets else presets.matching(data or {}, self.presets)

    def departs(self, path: str) -> bool:
        """Whether a field was given another value than its preset or the cloned run has."""
        if self.source is None and not self.presets:
            return False
        spec = next(spec for spec in self.specs if spec.path == path)
        given = self[path].value() or "" if self.is_bound else ""
        before = self.presets.get(self.preset, {}) if self.source is None else self.source
        return spec.topic != "columns" and given != before.get(path, "")

    def was(self, path: str) -> str:
        """What the cloned run had in a field, as a person reads it; empty where no run is cloned."""
        return "" if self.source is None else str(self.source.get(path) or "left open")

    def cards(self) -> list[presets.Card]:
        """The presets, each with what it would cost beside the other fields as they stand."""
        return presets.cards(self.version, self._sound, self.presets)

    def clean(self) -> dict[str, Any]:
        body: dict[str, dict[str, Any]] = {"task": {"kind": self.asked}}
        for spec in self.specs:
            if given := self.cleaned_data.get(spec.path):
                body.setdefault(spec.table, {})[spec.name] = given if isinstance(given, list) else read(spec, given)
        self._sound = body
        if self.begin.wrong:
            self.add_error("start", self.begin.wrong)
        try:
            self.recipe = Recipe.parse(body)
            self.plan = planned(self.version, with_columns(self.version, self.recipe), self.begin.weights)
            refuse_strange(self.version, self.plan.recipe, self.begin.weights)
        except Invalid as error:
            self.blame(error.errors)
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
    def offered(self) -> Plan | None:
        """What empty fields will become, by what was given as far as it is right; None where the data cannot serve the
        task at all."""
        if self.plan:
            return self.plan
        for body in (self._sound, self.plain):  # what is left may still contradict itself
            try:
                return planned(self.version, with_columns(self.version, Recipe.parse(body)), self.begin.weights)
            except RecipeError:
                continue
        return None

    def placeholders(self) -> dict[str, str]:
        """What each field of the recipe shows while it is empty."""
        if self.offered is None:
            return {spec.path: "" for spec in self.specs}
        filled = self.offered.recipe
        texts = {spec.path: write(spec, getattr(getattr(filled, spec.table), spec.name)) for spec in self.specs}
        for spec in self.specs:
            if isinstance(self.fields[spec.path].widget, forms.Select) and texts[spec.path] != "Default":
                texts[spec.path] += " (default)"
        return texts


def _shown(spec: FieldSpec, kind: str) -> bool:
    """Whether a task's form has a field: not what could only be refused."""
    refused = spec.name == "bidirectional" and catalog.TASKS[kind].generates
    return spec.path != KIND and spec.serves(kind) and not refused


def _worded(spec: FieldSpec, kind: str) -> FieldSpec:
    """The field in the words of the task."""
    words = WORDS.get(spec.path, {}).get(catalog.TASKS[kind].defaults)
    return replace(spec, help=words[0], unit=words[1]) if words else spec


def _kinds(kinds: list[str], kind: str) -> forms.CharField:
    """Which task: one that the data can serve; what else was asked for is in the list, so that it shows."""
    spec = next(spec for spec in recipe.fields() if spec.path == KIND)
    widget = forms.Select(choices=[(name, catalog.TASKS[name].label) for name in dict.fromkeys([*kinds, kind])])
    return forms.CharField(required=False, label=spec.label, help_text=spec.help, widget=widget, initial=kind)


class _Names(forms.Field):
    """Several columns, each with a box to tick: none ticked leaves the field open."""

    widget = forms.CheckboxSelectMultiple


def _columns(spec: FieldSpec, columns: list[roles.Column]) -> forms.Field:
    """A choice among the columns that there are; of numbers among those that have numbers."""
    kinds = roles.NUMERIC.get(spec.name.removesuffix("s").removesuffix("_column"))
    fitting = [column for column in columns if kinds is None or column["kind"] in kinds]
    choices = [(column["name"], f"{column['name']} ({column['kind']})") for column in fitting]
    if spec.many:
        widget = forms.CheckboxSelectMultiple(choices=choices)
        return _Names(required=False, label=spec.label, help_text=spec.help, widget=widget)
    widget = forms.Select(choices=[("", ""), *choices])
    return forms.CharField(required=False, strip=False, label=spec.label, help_text=spec.help, widget=widget)


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


def typed(spec: FieldSpec, value: Any) -> str | list[str]:
    """A field's value as somebody would have given it: the inverse of :func:`read`; columns as they are."""
    if spec.topic == "columns":
        return value
    texts = [_one_typed(item) for item in (value if spec.many else [value])]
    return ("\n" if spec.type is str else " ").join(texts)


def _one_typed(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    return item.replace("\n", "\\n").replace("\t", "\\t") if isinstance(item, str) else repr(item)


def write(spec: FieldSpec, value: Any) -> str:
    """A field's value as a person reads it; what :func:`read` takes, but for choices, which have labels."""
    if spec.topic == "columns":
        return "none" if not value else ", ".join(value) if spec.many else value
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


def _columns_in_a_line(filled: Recipe) -> list[str]:
    named = [(spec, getattr(filled.task, spec.name)) for spec in recipe.fields() if spec.topic == "columns"]
    return [f"{spec.label.lower()}: {write(spec, value)}" for spec, value in named if value]


def _network(filled: Recipe) -> list[str]:
    network = filled.network
    parts = [catalog.CELLS[network.cell].label, f"dropout {network.dropout:g}"]
    return [*parts, "in both directions" if network.bidirectional else f"embedding {network.embedding_size}"]


def _training(filled: Recipe) -> list[str]:
    training = filled.training
    optimizer = catalog.OPTIMIZERS[training.optimizer].label
    clip = f"clip {training.clip_norm:g}" if training.clip_norm else "no clipping"
    return [optimizer, clip, f"warm-up {training.warmup_steps}", training.schedule, f"seed {training.seed}"]


def _data(filled: Recipe) -> list[str]:
    documents = {"none": "one document", "lines": "a document a line", "records": "documents between empty lines"}
    share = f"{100 * filled.training.validation_fraction:.3g}\u00a0% for validation"
    parts = [catalog.TOKENS[filled.task.tokens].label.lower()] if filled.task.tokens else []
    if filled.task.kind != TEXT:
        return [*parts, share]
    return [*parts, f"last {share}", documents.get(filled.task.documents, "documents by a separator")]


def _end(filled: Recipe) -> list[str]:
    training = filled.training
    limits = {"steps": training.max_steps, "epochs": training.max_epochs, "minutes": training.max_minutes}
    ends = [f"{presets.plain(limit)} {unit}" for unit, limit in limits.items() if limit]
    return [*ends, f"validates every {training.evaluate_every:,} steps", f"patience {training.patience}"]


def _samples(filled: Recipe) -> list[str]:
    sampling = filled.sampling
    if not sampling.every:
        return ["none"]
    if not sampling.temperatures:
        return [f"every {sampling.every:,} steps"]
    count = len(sampling.temperatures)
    temperatures = f"{count} temperature{'' if count == 1 else 's'}"
    return [f"every {sampling.every:,} steps", temperatures, f"{sampling.length:,} tokens"]


def _machine(filled: Recipe) -> list[str]:
    return [f"device {filled.training.device}", f"precision {filled.training.precision}"]


_SUMMARIES = {
    "columns": _columns_in_a_line, "network": _network, "training": _training, "data": _data, "end": _end,
    "samples": _samples, "machine": _machine,
}  # fmt: skip
