"""Uploads that survive a closed lid: the tus 1.0.0 protocol (https://tus.io/protocols/resumable-upload).

A small ASGI application beside Django, because Django spools a whole request before a view sees it: here each block is
in the part file before the next is read. Extensions: creation, creation-with-upload, termination, expiration, checksum.

How far an upload has come is the length of its part file, nothing else: a restarted server needs no memory, and a cut
connection keeps what came. Bytes that were sent with a checksum are kept only whole and right.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.http import http_date

from webapp.api.problems import CONTENT_TYPE, as_body
from webapp.datasets import parts, selectors, services
from webapp.datasets.models import Upload
from webapp.origins import Caller, Scope, caller_of, header, host_is_ours, origin_is_ours
from webapp.problems import Conflict, DiskFull, Invalid, Refused, TooLarge, Unauthorized
from webapp.teams.selectors import team_for
from webapp.threads import in_thread

PATH = "/api/v1/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
DIGESTS = ("sha1", "sha256", "md5")
BODY_TYPE = "application/offset+octet-stream"
SILENCE = 30  # seconds without a byte until a connection counts as dead and gives up its lock
MOST_METADATA = 8_000


class WrongOffset(Conflict):
    title = "Another offset"


class Gone(Refused):
    status = 410
    title = "No longer there"


class Locked(Refused):
    status = 423
    title = "Somebody else writes to it"


class WrongChecksum(Refused):
    status = 460
    title = "Checksum mismatch"


class WrongVersion(Refused):
    status = 412
    title = "Another version of tus"


class WrongType(Refused):
    status = 415
    title = "Wrong content type"


class NotAllowed(Refused):
    status = 405
    title = "Method not allowed"


class Cut(Exception):
    """The connection ended (or fell silent) before the body did."""


@dataclass
class Request:
    scope: Scope
    receive: Callable[[], Awaitable[dict[str, Any]]]
    caller: Caller | None = None

    def header(self, name: str) -> str | None:
        return header(self.scope, name)

    def number(self, name: str) -> int | None:
        """A header that counts something. Raises Invalid when it does not."""
        value = self.header(name)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise _bad(name, "wants a whole number, zero or more")
        return int(value)

    @property
    def method(self) -> str:
        method = self.scope["method"]
        return (self.header("x-http-method-override") or method).upper() if method == "POST" else method

    async def blocks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises Cut."""
        more = True
        while more:
            try:
                message = await asyncio.wait_for(self.receive(), SILENCE)
            except TimeoutError:
                raise Cut from None
            if message["type"] == "http.disconnect":
                raise Cut
            if block := message.get("body"):
                yield block
            more = message.get("more_body", False)


@dataclass
class Response:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """The ASGI application for everything under :data:`PATH`."""
    request = Request(scope, receive)
    try:
        response = await _answer(request)
    except Refused as refused:
        response = _problem(as_body(refused.status, refused.title, str(refused), refused.errors), refused.headers)
    except Http404:
        response = _problem(as_body(404, "Not found", "There is no such upload."))
    except PermissionDenied as error:
        response = _problem(as_body(403, "Not allowed", str(error)))
    except Cut:
        return  # nobody is there to read an answer
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
        raise _bad("upload-length", "is missing: an upload says its length first")
    metadata = _metadata(request.header("upload-metadata") or "")
    upload = await in_thread(_created)(request.caller.user, metadata, length)
    headers = {"Location": _location(request.scope, upload), "Upload-Expires": http_date(upload.expires_at.timestamp())}
    if request.header("content-type") == BODY_TYPE or length == 0:
        headers["Upload-Offset"] = str(await _write(request, upload, 0))
    return Response(201, headers)


def _created(user: Any, metadata: dict[str, str], length: int) -> Upload:
    team = team_for(user, metadata.get("team_id"), right="upload")
    return services.create_upload(
        user=user, team=team, filename=metadata.get("filename", ""), name=metadata.get("name", ""), length=length
    )


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
        raise _bad("upload-offset", "is missing: where do these bytes belong?")
    upload = await _fetch(request, upload_id, "upload")
    if upload.dataset_id is not None:
        raise WrongOffset("The upload is complete.")
    offset = await _write(request, upload, offset)
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
        "error": await in_thread(selectors.error_of)(upload),
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
        raise Gone("The upload has expired, or was cancelled. Begin it again.")
    if upload.offset == upload.length and upload.dataset_id is None:
        await _finish_forgotten(upload)
    return upload


async def _write(request: Request, upload: Upload, offset: int) -> int:
    """Writes the body at ``offset``, which has to be the end; the new end. A whole upload becomes a dataset.

    Raises Locked, WrongOffset, TooLarge (more bytes than were announced: none is kept), WrongChecksum, DiskFull, Cut.
    """
    checksum = _checksum(request.header("upload-checksum"))
    try:
        with parts.writing(upload.id) as part:
            end = os.fstat(part).st_size
            if offset != end:
                raise WrongOffset(f"The upload stands at byte {end:,}, not at {offset:,}.")
            room = upload.length - end
            if (request.number("content-length") or 0) > room:
                raise TooLarge(f"{room:,} bytes are missing, not more: the upload said that it has {upload.length:,}.")
            await in_thread(services.prolong_upload)(upload=upload)
            end += await _receive(request, part, end, room, checksum)
            if end == upload.length:
                await _to_its_end(os.fsync, part)
                upload.dataset = await in_thread(services.finish_upload)(upload=upload)
            return end
    except parts.Busy:
        raise Locked("Another window is writing to this upload.") from None
    except FileNotFoundError:
        raise Gone("The upload has expired, or was cancelled. Begin it again.") from None


async def _receive(request: Request, part: int, start: int, room: int, checksum: tuple[str, bytes] | None) -> int:
    """Writes the body to the part as it arrives; how many bytes came."""
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    count = 0
    take_back = digest is not None  # until they are known to be right
    try:
        async for block in request.blocks():
            count += len(block)
            if count > room:
                take_back = True
                raise TooLarge(f"{room:,} bytes were missing, and more came. None of them is kept.")
            await _to_its_end(_append, part, block, digest)
        if digest and digest.digest() != checksum[1]:
            raise WrongChecksum("The bytes are not those that were sent. They were taken back; send them again.")
        take_back = False
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull("The studio's disk is full. What came is kept; go on when there is room.") from None
    finally:
        if take_back:
            os.ftruncate(part, start)
    return count


def _append(part: int, block: bytes, digest: Any) -> None:
    parts.write(part, block)
    if digest:
        digest.update(block)


async def _to_its_end(function: Callable[..., Any], *args: Any) -> None:
    """Runs it in a thread, also past a cancellation: the thread must be done with the file before it is closed."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        raise


async def _finish_forgotten(upload: Upload) -> None:
    """The last byte came, and the server ended before it could say so."""
    try:
        with parts.writing(upload.id):
            upload.dataset = await in_thread(services.finish_upload)(upload=upload)
    except parts.Busy:
        pass  # whoever writes will finish it


def _checksum(value: str | None) -> tuple[str, bytes] | None:
    """``sha1 kXkv…`` as the algorithm and the digest."""
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in DIGESTS:
        raise _bad("upload-checksum", f"wants one of {', '.join(DIGESTS)}")
    try:
        return algorithm, base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise _bad("upload-checksum", "wants the digest in base64") from None


def _metadata(value: str) -> dict[str, str]:
    """``filename dGV4dC50eHQ=,name …`` as a dict; what is not known here is left alone, as tus wants."""
    if len(value) > MOST_METADATA:
        raise _bad("upload-metadata", f"is longer than {MOST_METADATA:,} characters")
    metadata = {}
    for pair in filter(None, (pair.strip() for pair in value.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            metadata[key] = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise _bad("upload-metadata", f"{key!r} is not in base64") from None
    return metadata


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _location(scope: Scope, upload: Upload) -> str:
    origin = settings.PUBLIC_URL or f"{scope['scheme']}://{header(scope, 'host')}"
    return f"{origin}{PATH}/{upload.id}"


def _bad(name: str, message: str) -> Refused:
    error = Invalid.at(name, message)
    error.status = 400
    return error


def _problem(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(body["status"], {"Content-Type": CONTENT_TYPE} | (headers or {}), json.dumps(body).encode())
