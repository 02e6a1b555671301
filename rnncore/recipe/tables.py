"""The four tables of a recipe: each field with its label, help, unit, bounds and choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rnncore import catalog

MAX_PROMPT = 10_000


def _one_of(choices: Mapping[str, catalog.Choice]) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return AfterValidator(check)


def _device(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", value):
        raise ValueError(f"{value!r} is not one of auto, cpu, cuda, cuda:N, mps")
    return value


def _prompts(value: list[str] | None) -> list[str] | None:
    for prompt in value or []:
        if len(prompt) > MAX_PROMPT:
            raise ValueError(f"a prompt has {len(prompt):,} characters; at most {MAX_PROMPT:,} are taken")
        if re.search("[\ud800-\udfff]", prompt):
            raise ValueError("a prompt holds half of a character (a surrogate alone)")
    return value


def _quantiles(value: list[float] | None) -> list[float] | None:
    for quantile in value or []:
        if not 0 < quantile < 1:
            raise ValueError(f"quantile {quantile:g} is outside 0 to 1")
    if value and sorted(set(value)) != value:
        raise ValueError("quantiles must rise, each named once")
    return value


def _split_rows(value: list[int] | None) -> list[int] | None:
    if value is not None and (len(value) != 3 or min(value) < 0 or value[0] < 1):
        raise ValueError("must be three numbers of rows: training, validation, test")
    return value


def _temperatures(value: list[float] | None) -> list[float] | None:
    for temperature in value or []:
        if not 0 <= temperature <= 10:
            raise ValueError(f"temperature {temperature} is outside 0 to 10")
    return value


def _field(
    label: str,
    help: str,
    *,
    topic: str,
    unit: str = "",
    prominent: bool = False,
    choices: Mapping[str, catalog.Choice] | None = None,
    own: bool = False,
    **bounds: Any,
) -> Any:
    """``own``: only those tasks have the field whose entry in :data:`catalog.TASKS` names it."""
    extra = {
        "label": label, "topic": topic, "unit": unit, "prominent": prominent, "choices": list(choices or ()),
        "own": own,
    }  # fmt: skip
    return Field(default=None, description=help, json_schema_extra=extra, **bounds)


def _column(label: str, help: str) -> Any:
    return _field(label, help, topic="columns", own=True, min_length=1, max_length=200)


def _columns(label: str, help: str) -> Any:
    return _field(label, help, topic="columns", own=True, max_length=500)


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Task(Table):
    """What the network learns to do."""

    kind: Annotated[str, _one_of(catalog.TASKS)] = Field(
        description="what the network learns to do",
        json_schema_extra={
            "label": "Task",
            "topic": "task",
            "unit": "",
            "prominent": True,
            "choices": list(catalog.TASKS),
            "own": False,
        },
    )
    tokens: Annotated[str | None, _one_of(catalog.TOKENS)] = _field(
        "Tokens", "the pieces that the text is cut into", topic="data", choices=catalog.TOKENS, own=True
    )
    target_tokens: Annotated[str | None, _one_of(catalog.TOKENS)] = _field(
        "Target tokens", "the pieces that a target is cut into", topic="data", choices=catalog.TOKENS, own=True
    )
    vocabulary_size: int | None = _field(
        "Vocabulary size",
        "words and byte pairs: at most so many different tokens, 0 = the task's own default",
        topic="data",
        unit="tokens",
        own=True,
        ge=0,
        le=200_000,
    )
    documents: str | None = _field(
        "Documents",
        "where the carried state starts anew: none, lines, records (parted by empty lines), or any separator text",
        topic="data",
        own=True,
        min_length=1,
        max_length=200,
    )
    text_column: str | None = _column("Text", "the column that is read")
    label_column: str | None = _column("Label", "the column that is to be told")
    source_column: str | None = _column("Source", "the column that is read")
    target_column: str | None = _column("Target", "the column that is to be written")
    tag_column: str | None = _column("Tags", "the column with a tag for each token")
    condition_columns: list[str] | None = _columns(
        "Conditions", "columns (labels or numbers) that a sequence is written for"
    )
    value_columns: list[str] | None = _columns("Values", "columns of numbers that are read (and forecast)")
    known_columns: list[str] | None = _columns("Known", "columns whose future is known in advance")
    time_column: str | None = _column("Time", "the column with the date or time")
    group_column: str | None = _column("Group", "records of one group stay in one split")
    pooling: Annotated[str | None, _one_of(catalog.POOLINGS)] = _field(
        "Pooling", "how the steps become one", topic="network", choices=catalog.POOLINGS,
        own=True,
    )  # fmt: skip
    crf: bool | None = _field(
        "CRF", "score whole paths of tags, not each tag alone (Lample et al. 2016)", topic="network", own=True
    )
    attention: Annotated[str | None, _one_of(catalog.ATTENTIONS)] = _field(
        "Attention", "how the decoder looks back at the source", topic="network", choices=catalog.ATTENTIONS,
        own=True,
    )  # fmt: skip
    teacher_forcing: float | None = _field(
        "Teacher forcing", "share of targets read from the truth at the end; falls from 1 (Bengio et al. 2015)",
        topic="training", own=True, ge=0, le=1,
    )  # fmt: skip
    beam_size: int | None = _field(
        "Beam size", "outputs kept side by side while decoding, 1 = greedy", topic="data", own=True, ge=1, le=64
    )
    strategy: Annotated[str | None, _one_of(catalog.STRATEGIES)] = _field(
        "Strategy", "how a forecast goes on", topic="network", choices=catalog.STRATEGIES, own=True
    )
    horizon: int | None = _field(
        "Horizon", "steps that are forecast", topic="data", unit="steps", prominent=True, own=True, ge=1,
        le=10_000,
    )  # fmt: skip
    lookback: int | None = _field(
        "Lookback", "steps that are read before", topic="data", unit="steps", prominent=True, own=True, ge=1,
        le=100_000,
    )  # fmt: skip
    quantiles: Annotated[list[float] | None, AfterValidator(_quantiles)] = _field(
        "Quantiles", "of the forecast, each between 0 and 1", topic="data", own=True, min_length=1,
        max_length=99,
    )  # fmt: skip
    season: int | None = _field(
        "Season", "steps after which the series repeats, 0 = none", topic="data", unit="steps", own=True,
        ge=0, le=1_000_000,
    )  # fmt: skip


class Network(Table):
    """The recurrent network."""

    cell: Annotated[str | None, _one_of(catalog.CELLS)] = _field(
        "Cell", "what is repeated at every time step", topic="network", choices=catalog.CELLS
    )
    hidden_size: int | None = _field(
        "Hidden size", "what it can hold in mind", topic="network", unit="units", prominent=True, ge=1, le=8192
    )
    num_layers: int | None = _field(
        "Layers", "stacked, each reading the one below", topic="network", prominent=True, ge=1, le=16
    )
    embedding_size: int | None = _field(
        "Embedding size", "numbers that stand for one token", topic="network", unit="units", ge=1, le=8192
    )
    dropout: float | None = _field(
        "Dropout", "share of units silenced between layers while training", topic="network", ge=0, lt=1
    )
    bidirectional: bool | None = _field(
        "Bidirectional", "also read from the end; refused where the task generates", topic="network"
    )
    character_size: int | None = _field(
        "Character network", "units that read a word's letters beside its embedding, 0 = none", topic="network",
        unit="units", own=True, ge=0, le=4096,
    )  # fmt: skip
    nonlinearity: Annotated[str | None, _one_of(catalog.NONLINEARITIES)] = _field(
        "Nonlinearity", "the plain RNN's squashing function", topic="network", choices=catalog.NONLINEARITIES
    )
    bias: bool | None = _field("Bias", "add a learned constant in every gate", topic="network")
    tied: bool | None = _field(
        "Tied embeddings", "the output weights are the embedding", topic="network",
        own=True,
    )  # fmt: skip
    init: Annotated[str | None, _one_of(catalog.INITS)] = _field(
        "Initialization", "where the recurrent weights start", topic="network", choices=catalog.INITS
    )


class Training(Table):
    """How it is trained."""

    seed: int | None = _field("Seed", "the same seed gives the same run", topic="training", ge=0, le=2**31 - 1)
    device: Annotated[str | None, AfterValidator(_device)] = _field(
        "Device", "auto, cpu, cuda, cuda:N or mps", topic="machine"
    )
    precision: Annotated[str | None, _one_of(catalog.PRECISIONS)] = _field(
        "Precision", "of the matrix products", topic="machine", choices=catalog.PRECISIONS
    )
    batch_size: int | None = _field(
        "Batch size",
        "streams of text, or records, read side by side",
        topic="training",
        unit="streams",
        prominent=True,
        ge=1,
        le=65_536,
    )
    sequence_length: int | None = _field(
        "Sequence length",
        "steps before the gradient is cut; of a longer record, only so much is learned",
        topic="training",
        unit="tokens",
        prominent=True,
        own=True,
        ge=1,
        le=65_536,
    )
    max_steps: int | None = _field("Steps at most", "optimizer steps", topic="end", unit="steps", ge=1, le=10**9)
    max_epochs: float | None = _field(
        "Epochs at most", "readings of all the data", topic="end", unit="epochs", gt=0, le=10**6
    )
    max_minutes: float | None = _field(
        "Stop after", "or when validation stops improving", topic="end", unit="minutes", prominent=True, gt=0, le=10**5
    )
    learning_rate: float | None = _field(
        "Learning rate", "largest step; warms up, then decays", topic="training", prominent=True, gt=0, le=1e10
    )
    warmup_steps: int | None = _field(
        "Warm-up", "steps in which the learning rate rises from zero", topic="training", unit="steps", ge=0, le=10**7
    )
    schedule: Annotated[str | None, _one_of(catalog.SCHEDULES)] = _field(
        "Schedule", "the learning rate after the warm-up", topic="training", choices=catalog.SCHEDULES
    )
    optimizer: Annotated[str | None, _one_of(catalog.OPTIMIZERS)] = _field(
        "Optimizer", "how a gradient becomes a step", topic="training", choices=catalog.OPTIMIZERS
    )
    weight_decay: float | None = _field(
        "Weight decay", "pull of the weights towards zero", topic="training", ge=0, le=10
    )
    clip_norm: float | None = _field(
        "Clip norm", "longest gradient that is followed, 0 = off", topic="training", ge=0, le=1e6
    )
    validation_fraction: float | None = _field(
        "Validation share", "the last part of a text or series, a seeded choice of records", topic="data", ge=0, lt=1
    )
    test_fraction: float | None = _field("Test share", "the part after that, looked at once", topic="data", ge=0, lt=1)
    split_rows: Annotated[list[int] | None, AfterValidator(_split_rows)] = _field(
        "Split by rows", "rows of the training, validation and test part, in place of shares", topic="data",
        unit="rows", own=True,
    )  # fmt: skip
    evaluate_every: int | None = _field(
        "Evaluate every", "steps between validations", topic="end", unit="steps", ge=1, le=10**9
    )
    checkpoint_every: int | None = _field(
        "Checkpoint every", "steps between checkpoints", topic="end", unit="steps", ge=1, le=10**9
    )
    patience: int | None = _field(
        "Patience",
        "evaluations without improvement before stopping, 0 = off",
        topic="end",
        unit="evaluations",
        ge=0,
        le=10**6,
    )


class Sampling(Table):
    """What it writes while it trains."""

    every: int | None = _field(
        "Sample every", "steps between samples, 0 = never", topic="samples", unit="steps", ge=0, le=10**9
    )
    prompts: Annotated[list[str] | None, AfterValidator(_prompts)] = _field(
        "Prompts", "what a sample starts from; empty starts unprimed", topic="samples", own=True,
        max_length=20,
    )  # fmt: skip
    temperatures: Annotated[list[float] | None, AfterValidator(_temperatures)] = _field(
        "Temperatures", "below 1 plays safe, above 1 takes risks", topic="samples", own=True, max_length=10
    )
    length: int | None = _field(
        "Length", "tokens of a sample", topic="samples", unit="tokens", own=True, ge=1, le=100_000
    )
