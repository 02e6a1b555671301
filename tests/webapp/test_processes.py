"""The web server as a process of its own."""

from __future__ import annotations

import http.client
import json
import socket
import sys

import pytest

from tests.processes import maps_of, running
from tests.waiting import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="memory maps are read from /proc"),
]


def test_the_web_process_never_loads_torch(alice, token, make, valkey):
    dataset = make.dataset(alice.personal_team)
    headers = {"Authorization": f"Bearer {token(alice)}", "Content-Type": "application/json"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def ask(method: str, path: str, body: object = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, json.dumps(body), headers)
        return connection.getresponse().status

    def up() -> bool:
        try:
            return ask("GET", "/healthz") == 200
        except OSError:
            return False

    recipe = {"task": {"kind": "language_model"}}
    with running("web", "--port", str(port)) as process:
        until(up)
        assert ask("GET", "/accounts/login/") == 200
        assert ask("POST", "/api/v1/plan", {"dataset_id": dataset.id, "recipe": recipe}) == 200
        assert ask("POST", "/api/v1/runs", {"dataset_id": dataset.id, "recipe": recipe}) == 201
        assert ask("GET", "/api/v1/runs") == 200
        maps = maps_of(process.pid)
    assert "numpy" in maps, "the maps are those of the server"
    assert "torch" not in maps
