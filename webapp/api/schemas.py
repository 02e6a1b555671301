"""Shapes that the routes of several apps share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from rnncore.recipe import Recipe

Item = TypeVar("Item")


class Body(Schema):
    """A request's body: a field that is not known is an error that names it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _in_utc(moment: datetime) -> datetime:
    """The moment as it is kept. The first and the last hours of the calendar do not exist in every zone."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "is before the year 1 or after the year 9999") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A date and time with its zone, in a request's body."""


class ListOf(Schema, Generic[Item]):
    items: list[Item]
    next: str | None


class RecipeBody(dict[str, Any]):
    """A recipe in a request: any object here, described by the recipe's own schema, checked by ``Recipe.parse``.

    So REST has the sentences and the field names that the form and the command line have.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(Recipe.__pydantic_core_schema__)
