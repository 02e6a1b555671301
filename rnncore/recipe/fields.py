"""What forms, REST and help texts need to know of the fields of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rnncore import catalog


@dataclass(frozen=True)
class FieldSpec:
    """One field as forms, REST and help texts need it."""

    table: str
    name: str
    label: str
    help: str
    unit: str
    topic: str
    prominent: bool
    type: type
    many: bool
    choices: tuple[str, ...]
    own: bool
    bounds: Mapping[str, float]

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}"

    def serves(self, kind: str) -> bool:
        """Whether tasks of this kind have the field."""
        return not self.own or self.name in catalog.TASKS[kind].fields


def specs_of(recipe: type[BaseModel]) -> tuple[FieldSpec, ...]:
    """Every field of a recipe, table after table, in the order in which it is shown."""
    specs = []
    for table, info in recipe.model_fields.items():
        for name, item in info.annotation.model_fields.items():  # type: ignore[union-attr]
            kind, many = _type_of(item)
            extra: dict[str, Any] = item.json_schema_extra  # type: ignore[assignment]
            specs.append(
                FieldSpec(
                    table=table,
                    name=name,
                    label=extra["label"],
                    help=item.description or "",
                    unit=extra["unit"],
                    topic=extra["topic"],
                    prominent=extra["prominent"],
                    type=kind,
                    many=many,
                    choices=tuple(extra["choices"]),
                    own=extra["own"],
                    bounds=_bounds_of(item),
                )
            )
    return tuple(specs)


def _type_of(item: FieldInfo) -> tuple[type, bool]:
    def plain(annotation: Any) -> Any:
        while get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        given = [plain(arg) for arg in get_args(annotation) if arg is not type(None)]
        return annotation if get_origin(annotation) is list or not given else given[0]

    kind = plain(item.annotation)
    return (plain(get_args(kind)[0]), True) if get_origin(kind) is list else (kind, False)


def _bounds_of(item: FieldInfo) -> dict[str, float]:
    names = ("ge", "gt", "le", "lt", "max_length")
    return {name: getattr(rule, name) for rule in item.metadata for name in names if hasattr(rule, name)}
