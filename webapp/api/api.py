"""REST, version 1: one line an app. Each app's routes are in its ``api.py``, the uploads' in ``datasets/tus.py``."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from webapp.api import problems
from webapp.api.auth import Caller
from webapp.datasets.tus import openapi as uploads

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


class Api(NinjaAPI):
    """Ninja's API, whose description also has the uploads and the shape of every error."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["paths"].update(uploads.PATHS)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        wrong = {
            "description": "An error: 400, 401, 403, 404, 409, 413, 422, 429, 503, 507.",
            "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"] = {**operation["responses"], "default": wrong}
        return schema


api = Api(
    title="Unroll",
    version="1",
    description="Everything that the pages do. Make a token on the settings page or with ./studio manage create_token.",
    auth=Caller(),
    docs_url=None,
    urls_namespace="api",
)
problems.handle(api)
for module in ("teams", "datasets", "runs", "models"):
    api.add_router("", f"webapp.{module}.api.router")
