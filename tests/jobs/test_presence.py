"""What a worker says of itself: what it does, and what its machine has."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pynvml
import pytest

from jobs import machine, presence


def said(role: str = "training") -> dict:
    return json.loads(json.dumps(presence.report(role, "2026-01-31T12:00:00+00:00")))


@pytest.fixture(autouse=True)
def no_slots():
    yield
    presence.has_slots([])


def test_it_says_what_it_does_while_it_does_it():
    with presence.doing("run", "abc", "GPU-1"), presence.doing("measure"):
        assert [(deed["what"], deed["id"], deed["device"]) for deed in said()["doing"]] == [
            ("run", "abc", "GPU-1"), ("measure", "", None),
        ]  # fmt: skip
    assert said()["doing"] == []


def test_what_fails_is_not_said_for_ever():
    with pytest.raises(ValueError, match="broke"), presence.doing("run", "abc"):
        raise ValueError("broke")
    assert said()["doing"] == []


def test_a_machine_without_gpus_says_what_its_processors_and_memory_do():
    presence.has_slots([None, None])
    body = said()
    assert body["slots"] == [None, None]
    found = body["machine"]
    assert found["cores"] >= 1
    assert 0 <= found["busy"] <= 1
    assert 0 < found["memory"]["used"] < found["memory"]["total"]
    assert found["gpus"] == []


def test_only_who_trains_speaks_for_the_machine():
    assert said("ingest")["machine"] is None


@pytest.fixture
def driver(monkeypatch):
    """An NVIDIA driver with two GPUs, of which the second does not say how busy it is."""
    ids = ["GPU-aaaa-1", "GPU-bbbb-2"]

    def busy(handle):
        if handle == 1:
            raise pynvml.NVMLError_NotSupported
        return SimpleNamespace(gpu=93)

    for name, value in {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: len(ids),
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetUUID": lambda handle: ids[handle],
        "nvmlDeviceGetName": lambda handle: f"H{handle}",
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=10 * handle, total=80),
        "nvmlDeviceGetUtilizationRates": busy,
    }.items():
        monkeypatch.setattr(pynvml, name, value)


@pytest.mark.parametrize(("name", "found"), [("0", "H0"), ("1", "H1"), ("GPU-aaaa-1", "H0"), ("GPU-bb", "H1")])
def test_a_gpu_is_found_as_cuda_names_it(driver, name, found):
    assert machine.report([name])["gpus"][0]["name"] == found


def test_a_gpu_says_what_it_holds_and_how_busy_it_is(driver):
    presence.has_slots(["GPU-aaaa-1", "GPU-bbbb-2", "GPU-aaaa-1"])
    assert said()["machine"]["gpus"] == [
        {"id": "GPU-aaaa-1", "name": "H0", "busy": 0.93, "memory": {"used": 0, "total": 80}},
        {"id": "GPU-bbbb-2", "name": "H1", "busy": None, "memory": {"used": 10, "total": 80}},
    ]


def test_a_driver_that_does_not_answer_is_said(monkeypatch):
    def broken():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", broken)
    (found,) = machine.report(["GPU-1"])["gpus"]
    assert found["id"] == "GPU-1"
    assert "Driver" in found["error"]
