"""The shape of a card, on which its pages and its README.md rely. Fields that are not named here are free."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.api.problems import message_of
from webapp.problems import Invalid


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Measured(_Table):
    loss: float | None
    metrics: dict[str, float | None] = {}


class _Evaluation(_Table):
    step: int = 0
    loss: float | None = None
    metrics: dict[str, float | None] = {}


class _Data(_Table):
    name: str = ""
    characters: int = 0
    vocabulary_size: int = 0
    records: int = 0


class _Training(_Table):
    run: str = ""
    step: int = 0
    steps: int | None = None
    parameters: int = 0
    began: str = ""


class _Sampled(_Table):
    prompt: str
    temperature: float
    text: str


class _Example(_Table):
    source: str
    output: str
    reference: str


class _Written(_Table):
    label: str
    temperature: float
    text: str


class _Forecasted(_Table):
    history: list[float | None]
    truth: list[float | None]
    quantiles: dict[str, list[float | None]]
    name: str = ""
    times: list[str] = []


_SAMPLES = {"source": _Example, "label": _Written, "history": _Forecasted, "prompt": _Sampled}
"""By the field that only this kind of sample has."""


def _sample(value: Any) -> Any:
    if isinstance(value, dict):
        kind = next((kind for field, kind in _SAMPLES.items() if field in value), _Sampled)
        kind.model_validate(value)
    return value


class _Card(_Table):
    description: str = ""
    intended_use: str = ""
    note: str = ""
    licence: str = ""
    tags: list[str] = []
    task: str = ""
    data: _Data = _Data()
    training: _Training = _Training()
    evaluation: _Evaluation = _Evaluation()
    baselines: dict[str, _Measured] = {}
    samples: list[Annotated[dict[str, Any], BeforeValidator(_sample)]] = []


def check(card: dict[str, Any]) -> None:
    """Raises Invalid at the fields that have another shape."""
    try:
        _Card.model_validate(card)
        if "recipe" in card:
            Recipe.parse(card["recipe"])
    except ValidationError as error:
        places = [(".".join(str(part) for part in ("card", *item["loc"])), message_of(item)) for item in error.errors()]
    except RecipeError as error:
        places = [(f"card.recipe.{field}", message) for field, message in error.errors]
    else:
        return
    raise Invalid("; ".join(f"{field}: {message}" for field, message in places), errors=places)
