"""What this machine has and how busy it is: processors, memory, GPUs. Asks the system and the driver, never torch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import psutil
import pynvml

psutil.cpu_percent()  # counts from here: the first report has something to say


def report(gpus: Iterable[str]) -> dict[str, Any]:
    """``{cores, busy, load, memory: {used, total}, gpus: […]}``: shares of 1, bytes; ``busy`` since the last report.

    ``gpus`` are named as in CUDA_VISIBLE_DEVICES. Of each: ``{id, name, memory, busy}``, where ``busy`` is None if the
    driver does not say (a slice of a GPU); or ``{id, error}`` if it says nothing at all.
    """
    memory = psutil.virtual_memory()
    return {
        "cores": os.cpu_count() or 1,
        "busy": psutil.cpu_percent() / 100,
        "load": round(os.getloadavg()[0], 2),
        "memory": {"used": memory.total - memory.available, "total": memory.total},
        "gpus": [_gpu(name) for name in gpus],
    }


def _gpu(name: str) -> dict[str, Any]:
    try:
        pynvml.nvmlInit()  # counted: a second one costs nothing
        handle = _handle(name)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return {
            "id": name, "name": pynvml.nvmlDeviceGetName(handle), "busy": _busy(handle),
            "memory": {"used": memory.used, "total": memory.total},
        }  # fmt: skip
    except pynvml.NVMLError as error:
        return {"id": name, "error": str(error)}


def _handle(name: str) -> Any:
    """By number, by UUID, or by the beginning of one, all of which CUDA takes."""
    if name.isdigit():
        return pynvml.nvmlDeviceGetHandleByIndex(int(name))
    if name.startswith("GPU-"):
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            if pynvml.nvmlDeviceGetUUID(handle).startswith(name):
                return handle
    return pynvml.nvmlDeviceGetHandleByUUID(name)


def _busy(handle: Any) -> float | None:
    try:
        return pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except pynvml.NVMLError_NotSupported:
        return None
