"""Shapes that the routes of several apps share."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from rnncore.recipe import Recipe

Item = TypeVar("Item")


class Body(Schema):
    """A request's body: a field that is not known is an error that names it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


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
