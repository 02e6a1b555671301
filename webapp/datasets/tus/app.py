"""The routes of the protocol, and the ASGI application that serves them."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.http import http_date

from webapp.api.problems import CONTENT_TYPE, as_body
from webapp.datasets import selectors, services
from webapp.datasets.models import Upload
from webapp.datasets.tus import PATH, VERSION
from webapp.datasets.tus.request import DIGESTS, Cut, Request, Response, bad, metadata_of
from webapp.datasets.tus.writing import Gone, Locked, WrongOffset, finish_forgotten, write
from webapp.origins import Scope, caller_of, header, host_is_ours, origin_is_ours
from webapp.problems import Conflict, Refused, Unauthorized
from webapp.teams.selectors import team_for
from webapp.threads import in_thread

EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
BODY_TYPE = "application/offset+octet-stream"

log = logging.getLogger(__name__)


class WrongVersion(Refused):
    status = 412
    title = "Another version of tus"


class WrongType(Refused):
    status = 415
    title = "Wrong content type"


class NotAllowed(Refused):
    status = 405
    title = "Method not allowed"


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """The ASGI application for everything under :data:`PATH`."""
    request = Request(scope, receive)
    try:
        response = await _answer(request)
    except Refused as refused:
        response = _problem(as_body(refused.status, refused.title, str(refused), refused.errors), refused.headers)
    except Http404 as error:
        response = _problem(as_body(404, "Not found", str(error) or "There is no such upload."))
    except PermissionDenied as error:
        response = _problem(as_body(403, "Not allowed", str(error)))
    except Cut:
        return  # nobody is there to read an answer
    except Exception:
        log.exception("%s %s failed", scope["method"], scope["path"])
        response = _problem(as_body(500, "Our mistake", "Something broke on the server; its log says what."))
    response.headers |= {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    response.headers["Content-Length"] = str(len(response.body))
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.body})


async def _answer(request: Request) -> Response:
    if not host_is_ours(request.scope):
        raise Refused("This host name is not one of UNROLL_ALLOWED_HOSTS.")
    upload_id = request.scope["path"].removeprefix(PATH).strip("/")
    handlers = _OF_AN_UPLOAD if upload_id else _OF_THE_COLLECTION
    if (handler := handlers.get(request.method)) is None:
        allowed = ", ".join(handlers)
        raise NotAllowed(f"{request.method} means nothing here; {allowed} do.", headers={"Allow": allowed})
    if request.method == "OPTIONS":
        return await handler(request)
    request.caller = await caller_of(request.scope)
    if request.caller is None:
        raise Unauthorized
    if request.method != "GET" and request.header("tus-resumable") != VERSION:
        message = f"This server speaks tus {VERSION}; say so with `Tus-Resumable: {VERSION}`."
        raise WrongVersion(message, headers={"Tus-Version": VERSION})
    if request.method not in ("GET", "HEAD") and request.caller.by_cookie and not origin_is_ours(request.scope):
        raise PermissionDenied("A request with a session's cookie has to come from the studio's own pages.")
    return await (handler(request, upload_id) if upload_id else handler(request))


async def _options(request: Request, upload_id: str = "") -> Response:
    return Response(204, {
        "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(DIGESTS),
    })  # fmt: skip


async def _create(request: Request) -> Response:
    length = request.number("upload-length")
    if length is None:
        raise bad("upload-length", "is missing: an upload says its length first")
    metadata = metadata_of(request.header("upload-metadata") or "")
    upload = await in_thread(_created)(request.caller.user, metadata, length)
    headers = {"Location": _location(request.scope, upload), "Upload-Expires": http_date(upload.expires_at.timestamp())}
    if request.header("content-type") == BODY_TYPE or length == 0:
        headers["Upload-Offset"] = str(await write(request, upload, 0))
    return Response(201, headers)


def _created(user: Any, metadata: dict[str, str], length: int) -> Upload:
    dataset_id = metadata.get("dataset_id")  # of which it shall be a new version
    into = selectors.dataset_for(user, dataset_id, right="upload") if dataset_id else None
    team = into.team if into else team_for(user, metadata.get("team_id"), right="upload")
    return services.create_upload(
        user=user, team=team, filename=metadata.get("filename", ""), name=metadata.get("name", ""), length=length,
        into=into,
    )  # fmt: skip


async def _head(request: Request, upload_id: str) -> Response:
    upload = await _fetch(request, upload_id, "view")
    return Response(200, {
        "Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length),
        "Upload-Metadata": f"filename {_encoded(upload.filename)},name {_encoded(upload.name)}",
        "Upload-Expires": http_date(upload.expires_at.timestamp()),
    })  # fmt: skip


async def _patch(request: Request, upload_id: str) -> Response:
    if request.header("content-type") != BODY_TYPE:
        raise WrongType(f"The bytes of an upload come as `Content-Type: {BODY_TYPE}`.")
    offset = request.number("upload-offset")
    if offset is None:
        raise bad("upload-offset", "is missing: where do these bytes belong?")
    upload = await _fetch(request, upload_id, "upload")
    if upload.dataset_id is not None:
        raise WrongOffset("The upload is complete.")
    offset = await write(request, upload, offset)
    expires = http_date(upload.expires_at.timestamp())
    return Response(204, {"Upload-Offset": str(offset), "Upload-Expires": expires})


async def _delete(request: Request, upload_id: str) -> Response:
    upload = await _fetch(request, upload_id, "upload", gone=True)
    try:
        await in_thread(services.cancel_upload)(user=request.caller.user, upload=upload)
    except Conflict as error:
        raise Locked(str(error)) from None
    return Response(204)


async def _get(request: Request, upload_id: str) -> Response:
    upload = await _fetch(request, upload_id, "view")
    body = {
        "id": upload.id, "offset": upload.offset, "length": upload.length, "dataset_id": upload.dataset_id,
        "version": upload.version and upload.version.number, "error": await in_thread(selectors.error_of)(upload),
    }  # fmt: skip
    return Response(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


_OF_THE_COLLECTION: dict[str, Callable[..., Awaitable[Response]]] = {"POST": _create, "OPTIONS": _options}
_OF_AN_UPLOAD: dict[str, Callable[..., Awaitable[Response]]] = {
    "HEAD": _head, "PATCH": _patch, "DELETE": _delete, "GET": _get, "OPTIONS": _options,
}  # fmt: skip


async def _fetch(request: Request, upload_id: str, right: str, *, gone: bool = False) -> Upload:
    """The upload. Raises Gone when its bytes are (it expired), unless ``gone`` says that this is fine."""
    upload = await in_thread(selectors.upload_for)(request.caller.user, upload_id, right=right)
    if gone:
        return upload
    if upload.offset is None:
        raise Gone
    if upload.offset == upload.length and upload.dataset_id is None:
        await finish_forgotten(upload)
    return upload


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _location(scope: Scope, upload: Upload) -> str:
    origin = settings.PUBLIC_URL or f"{scope['scheme']}://{header(scope, 'host')}"
    return f"{origin}{PATH}/{upload.id}"


def _problem(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(body["status"], {"Content-Type": CONTENT_TYPE} | (headers or {}), json.dumps(body).encode())
