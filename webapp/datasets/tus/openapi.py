"""What OpenAPI says of uploads, which Django does not serve."""

from __future__ import annotations

from typing import Any

from webapp.datasets import tus

TEXT = {"type": "string"}


def _header(name: str, description: str, *, required: bool = True) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": required, "description": description, "schema": TEXT}


VERSION = _header("Tus-Resumable", tus.VERSION)
ID = {"in": "path", "name": "upload_id", "required": True, "schema": TEXT}
UPLOAD = {
    "type": "object",
    "required": ["id", "offset", "length", "dataset_id", "version", "error"],
    "properties": {
        "id": {"type": "string"},
        "offset": {"type": "integer", "description": "bytes that have come"},
        "length": {"type": "integer"},
        "dataset_id": {"type": ["string", "null"], "description": "what it became"},
        "version": {"type": ["integer", "null"], "description": "which version of the dataset it became"},
        "error": {"type": ["string", "null"]},
    },
}


def _operation(name: str, summary: str, description: str, status: int, **more: Any) -> dict[str, Any]:
    return {
        "operationId": f"uploads_{name}", "summary": summary, "description": description, "tags": ["uploads"],
        "security": [{"Caller": []}], "responses": {status: {"description": more.pop("answer", "done")}}, **more,
    }  # fmt: skip


PATHS: dict[str, Any] = {
    tus.PATH: {
        "post": _operation(
            "create", "Begin an upload", "tus 1.0.0, creation: the address of the upload comes as Location.", 201,
            parameters=[
                VERSION,
                _header("Upload-Length", "bytes"),
                _header(
                    "Upload-Metadata", "filename, name, team_id; dataset_id for a new version; in base64",
                    required=False,
                ),
            ],
        ),
    },
    tus.PATH + "/{upload_id}": {
        "head": _operation("offset", "Where it stands", "tus: Upload-Offset and Upload-Length.", 200,
                           parameters=[ID, VERSION]),
        "patch": _operation(
            "write", "Send bytes",
            "tus: any number of bytes, written as they arrive; a cut request keeps what came.", 204,
            parameters=[
                ID, VERSION, _header("Upload-Offset", "where the bytes belong"),
                _header("Upload-Checksum", "sha1, sha256 or md5, and the digest in base64", required=False),
            ],
            requestBody={"content": {"application/offset+octet-stream": {}}},
        ),
        "delete": _operation("cancel", "Take it back", "tus, termination.", 204, parameters=[ID, VERSION]),
        "get": _operation("get", "What became of it", "Also for those who do not speak tus.", 200, parameters=[ID])
        | {"responses": {200: {"description": "the upload", "content": {"application/json": {"schema": UPLOAD}}}}},
    },
}  # fmt: skip
