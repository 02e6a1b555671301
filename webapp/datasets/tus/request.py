"""A request of the tus protocol, its parts read and checked, and an answer."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from webapp.origins import Caller, Scope, header
from webapp.problems import Invalid, Refused

DIGESTS = ("sha1", "sha256", "md5")
SILENCE = 30  # seconds without a byte until a connection counts as dead and gives up its lock
MOST_METADATA = 8_000


class Cut(Exception):
    """The connection ended before the body did."""


class Silent(Refused):
    """The connection is there, and nothing comes."""

    status = 408
    title = "Nothing came any more"


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
            raise bad(name, "wants a whole number, zero or more")
        return int(value)

    @property
    def method(self) -> str:
        method = self.scope["method"]
        return (self.header("x-http-method-override") or method).upper() if method == "POST" else method

    async def blocks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises Cut, Silent."""
        more = True
        while more:
            try:
                message = await asyncio.wait_for(self.receive(), SILENCE)
            except TimeoutError:
                words = f"Nothing came for {SILENCE} s. What came is kept; go on from there."
                raise Silent(words, headers={"Connection": "close"}) from None
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


def checksum_of(value: str | None) -> tuple[str, bytes] | None:
    """``sha1 kXkv…`` as the algorithm and the digest."""
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in DIGESTS:
        raise bad("upload-checksum", f"wants one of {', '.join(DIGESTS)}")
    try:
        return algorithm, base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise bad("upload-checksum", "wants the digest in base64") from None


def metadata_of(value: str) -> dict[str, str]:
    """``filename dGV4dC50eHQ=,name …`` as a dict; what is not known here is left alone, as tus wants."""
    if len(value) > MOST_METADATA:
        raise bad("upload-metadata", f"is longer than {MOST_METADATA:,} characters")
    metadata = {}
    for pair in filter(None, (pair.strip() for pair in value.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            metadata[key] = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise bad("upload-metadata", f"{key!r} is not in base64") from None
    return metadata


def bad(name: str, message: str) -> Refused:
    """A header that cannot be read: 400, at the header."""
    error = Invalid.at(name, message)
    error.status = 400
    return error
