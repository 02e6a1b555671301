from __future__ import annotations

import http.server
import threading

import pytest

from supervisor import pytorch
from supervisor.pytorch import CPU_INDEX, SPEC, arguments, choose

MIRROR = "https://mirror.example/simple"


@pytest.mark.parametrize(
    ("environ", "gpu", "platform", "serves", "expected"),
    [
        ({}, False, "linux", True, ["--no-deps", "--extra-index-url", CPU_INDEX, SPEC]),
        ({}, False, "linux", False, [SPEC]),  # whatever that brings, pip adds what it needs
        ({}, True, "linux", True, [SPEC]),
        ({}, False, "darwin", True, [SPEC]),
        ({"TORCH_SPEC": "torch"}, False, "linux", True, ["--no-deps", "--extra-index-url", CPU_INDEX, "torch"]),
        ({"TORCH_INDEX_URL": MIRROR}, True, "linux", True, ["--index-url", MIRROR, SPEC]),
        ({"TORCH_INDEX_URL": MIRROR, "TORCH_SPEC": "torch"}, False, "darwin", True, ["--index-url", MIRROR, "torch"]),
    ],
)  # fmt: skip
def test_what_pip_is_asked_for(environ, gpu, platform, serves, expected):
    choice = choose(environ, lambda: gpu, platform)
    assert arguments(choice, lambda index: serves) == expected


def test_another_wish_or_another_machine_is_another_choice():
    environs = [{}, {"TORCH_SPEC": "torch==2.12.1"}, {"TORCH_INDEX_URL": MIRROR}]
    keys = {choose(environ, lambda gpu=gpu: gpu, "linux").key for environ in environs for gpu in (False, True)}
    assert len(keys) == 5  # with an index of one's own the machine does not matter


def test_the_machine_is_not_asked_where_it_does_not_matter():
    choose({"TORCH_INDEX_URL": MIRROR}, lambda: pytest.fail("asked"), "linux")


@pytest.fixture
def server():
    """A server that has an index of PyTorch below /whl, and nothing else."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/whl/torch/" else 404)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_reachable(server):
    assert pytorch.reachable(f"{server}/whl")
    assert not pytorch.reachable(f"{server}/other")


def test_unreachable():
    assert not pytorch.reachable("http://127.0.0.1:1/whl")
