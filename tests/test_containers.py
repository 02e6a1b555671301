"""docker-compose.yml, Dockerfile and .env.example, held against the code, and started without a container."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from jobs.roles import ROLES
from supervisor import places, pytorch, services
from supervisor.console import Log
from supervisor.processes import Supervisor
from supervisor.services import Service
from supervisor.valkey import free_port
from tests import postgres
from tests.valkey import Valkey

ROOT = Path(__file__).parent.parent
PASSWORDS = {"POSTGRES_PASSWORD": "test", "REDIS_PASSWORD": "test"}
SETTING = re.compile(r"UNROLL_[A-Z_]+|DATABASE_URL|REDIS_URL|STORAGE_URL|TORCH_SPEC|TORCH_INDEX_URL|CHROMIUM")
NOT_READ = {"STORAGE_URL"}  # named only so that it is kept from trainers


def settings_in_the_code() -> set[str]:
    """Every name of a setting that stands as a text in the code."""
    files = [path for folder in ("jobs", "rnncore", "webapp", "supervisor") for path in (ROOT / folder).rglob("*.py")]
    texts = (
        node.value for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)
    )
    return {text for text in texts if isinstance(text, str) and SETTING.fullmatch(text)}


def settings_in_the_example() -> dict[str, str]:
    """The settings of .env.example with the comment above each; "" where there is none."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = {}
    for above, line in zip(["", *lines], lines, strict=False):
        if line and not line.startswith("#"):
            found[line.split("=")[0]] = above.removeprefix("# ") if above.startswith("# ") else ""
    return found


@pytest.fixture(scope="module")
def compose() -> dict:
    """docker-compose.yml as docker-compose itself reads it."""
    tool = shutil.which("docker-compose")
    if not tool:
        pytest.skip("docker-compose is not here; .ci/run installs it")
    return yaml.safe_load(
        subprocess.run(
            [tool, "--profile", "gpu", "--file", ROOT / "docker-compose.yml", "config"],
            capture_output=True, check=True, env={"PATH": os.environ["PATH"]} | PASSWORDS, text=True, cwd=ROOT,
        ).stdout
    )  # fmt: skip


def test_every_setting_is_listed_with_a_comment():
    listed = settings_in_the_example()
    assert settings_in_the_code() - NOT_READ <= listed.keys()
    assert [name for name, comment in listed.items() if not comment.endswith((".", ")"))] == []


def test_no_setting_is_listed_that_nothing_reads():
    compose = (ROOT / "docker-compose.yml").read_text()
    unknown = settings_in_the_example().keys() - settings_in_the_code()
    assert {name for name in unknown if f"${{{name}" not in compose} == set()


def test_docker_compose_knows_the_settings_of_the_studio(compose):
    passed = compose["services"]["web"]["environment"].keys()
    read = {name for name in settings_in_the_code() if name.startswith("UNROLL_")} - NOT_READ
    assert read - passed == {"UNROLL_VENV"}


def test_docker_compose_wants_passwords():
    tool = shutil.which("docker-compose") or pytest.skip("docker-compose is not here; .ci/run installs it")
    answer = subprocess.run(
        [tool, "--file", ROOT / "docker-compose.yml", "config"], capture_output=True, text=True, cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert answer.returncode != 0
    assert "set it in .env" in answer.stderr


def test_docker_compose_starts_what_studio_up_starts(compose):
    """The same roles by the same commands; only Postgres and Redis come from elsewhere."""
    by_studio = {service.name: list(service.command) for service in services.roles("0.0.0.0", 8000, ())}  # noqa: S104
    assert by_studio.keys() == set(ROLES)
    parts = compose["services"]
    assert {name: parts[name]["command"] for name in ROLES} == by_studio
    assert parts["training-gpu"]["command"] == by_studio["training"]
    assert parts.keys() == {*ROLES, "training-gpu", "migrate", "postgres", "redis"}


def test_all_of_the_studio_shares_one_image_and_its_settings(compose):
    parts = [compose["services"][name] for name in (*ROLES, "migrate")]
    assert {part["image"] for part in parts} == {"unroll"}
    assert all(part["environment"] == parts[0]["environment"] for part in parts)
    gpu = compose["services"]["training-gpu"]
    assert gpu["environment"] == parts[0]["environment"]
    assert gpu["build"]["args"]["TORCH_INDEX_URL"] == ""
    assert gpu["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_the_image_takes_the_same_torch(compose):
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"ARG TORCH_SPEC={pytorch.SPEC}\n" in dockerfile
    assert f"ARG TORCH_INDEX_URL={pytorch.CPU_INDEX}\n" in dockerfile
    assert compose["services"]["web"]["build"]["args"] == {
        "TORCH_SPEC": pytorch.SPEC, "TORCH_INDEX_URL": pytorch.CPU_INDEX,
    }  # fmt: skip


@pytest.fixture
def image(tmp_path):
    """The files of the image, by .dockerignore; the built front end stands where the build would put it."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    folder = tmp_path / "image"
    for name in kept:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def test_the_containers_processes_work_together(compose, image, tmp_path):
    """Commands and settings of docker-compose.yml, without containers: on Postgres, all healthy, a clean end."""
    if postgres.programs() is None:
        pytest.skip("Postgres is not here; .ci/run installs it")
    web_port, data = free_port(), tmp_path / "data"
    database = postgres.Postgres()
    redis_port = free_port()
    redis = Valkey(f"redis://:test@127.0.0.1:{redis_port}/0", tmp_path / "redis")

    def moved(text: str) -> str:
        places_of_hosts = {
            "@postgres:5432": f"@127.0.0.1:{database.port}", "@redis:6379": f"@127.0.0.1:{redis_port}",
            "localhost:8000": f"127.0.0.1:{web_port}",
        }  # fmt: skip
        for host, place in places_of_hosts.items():
            text = text.replace(host, place)
        return {"/data": str(data), "8000": str(web_port), "0.0.0.0": "127.0.0.1"}.get(text, text)  # noqa: S104

    parts = {name: compose["services"][name] for name in ("migrate", *ROLES)}
    environ = places.inside(Path(sys.prefix), data, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    environ |= {name: moved(value) for name, value in parts["web"]["environment"].items()}

    def run(command: list[str]) -> str:
        command = [moved(part) for part in command]
        answer = subprocess.run(command, cwd=image, env=environ, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    database.start()
    redis.start()
    supervisor = None
    try:
        run(parts["migrate"]["command"])
        check = {"web": lambda: services.healthz("127.0.0.1", web_port)}
        supervisor = Supervisor(
            [Service(role, tuple(map(moved, parts[role]["command"])), check.get(role)) for role in ROLES],
            environ, image, Log(list(ROLES), io.StringIO()),
        )  # fmt: skip
        said, until = {}, time.monotonic() + 150
        while said.get("workers") != 3:
            assert time.monotonic() < until, (said, supervisor.log.stream.getvalue())
            supervisor.turn()
            if supervisor.well(["web"]):
                said = json.load(urllib.request.urlopen(f"http://127.0.0.1:{web_port}/healthz"))
        assert said == {"database": "ok", "redis": "ok", "workers": 3}
        for name in ("web", "training"):
            test = parts[name]["healthcheck"]["test"]
            run(["sh", "-c", test[1].replace("$$HOSTNAME", "$(hostname)")] if test[0] == "CMD-SHELL" else test[1:])
        assert [keeper.ends for keeper in supervisor.keepers.values()] == [0] * len(ROLES)
    finally:
        if supervisor:
            supervisor.end()
        redis.stop()
        database.stop()
    assert "is killed" not in supervisor.log.stream.getvalue()
