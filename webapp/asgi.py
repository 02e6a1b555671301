"""The server's entry: uploads and sockets beside Django, each a small application of its own."""

from __future__ import annotations

import logging
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()

from webapp.datasets import tus  # noqa: E402 - models need Django set up
from webapp.datasets.services import remove_expired_uploads  # noqa: E402
from webapp.datasets.tus.app import application as uploads  # noqa: E402
from webapp.live import consumers  # noqa: E402
from webapp.runs.store import tidy as tidy_runs  # noqa: E402
from webapp.threads import in_thread  # noqa: E402

log = logging.getLogger(__name__)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    match scope["type"]:
        case "websocket":
            await consumers.application(scope, receive, send)
        case "lifespan":
            await _live(receive, send)
        case _ if scope["path"] == tus.PATH or scope["path"].startswith(f"{tus.PATH}/"):
            await uploads(scope, receive, send)
        case _:
            await django(scope, receive, send)


async def _live(receive: Any, send: Any) -> None:
    """What is done once, at the server's start: tidying up after what ended while it was down."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
        for tidy in (remove_expired_uploads, tidy_runs):
            try:
                await in_thread(tidy)()
            except Exception:
                log.exception("%s failed; the studio works, but old files stay", tidy.__name__)
        await send({"type": "lifespan.startup.complete"})
