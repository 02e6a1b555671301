"""How many runs this machine trains side by side, and on what: one a visible GPU, or ``UNROLL_WORKERS``."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA names them. Asks the driver, not torch."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    if not (tool := shutil.which("nvidia-smi")):
        return []
    query = [tool, "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []  # a driver that does not answer has no GPU for us
    return [line.strip() for line in answer.splitlines() if line.strip()]


def slots() -> list[str | None]:
    """One entry a training that may run at the same time: the GPU it gets, None for the CPU."""
    devices = gpus()
    count = int(os.environ.get("UNROLL_WORKERS") or len(devices) or 1)
    return [devices[index % len(devices)] if devices else None for index in range(count)]


class Slots:
    """The slots of this worker. A training takes one and gives it back."""

    def __init__(self) -> None:
        self.devices = found = slots()
        self.count = len(found)
        self._free: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for slot in found:
            self._free.put(slot)
        # Trainings that share a CPU share its processors.
        shared = self.count > 1 and found[0] is None
        self.threads = max(1, (os.cpu_count() or 1) // self.count) if shared else None

    def take(self) -> str | None:
        """A free slot. Raises queue.Empty when there is none."""
        return self._free.get_nowait()

    def give(self, slot: str | None) -> None:
        self._free.put(slot)

    @property
    def taken(self) -> int:
        return self.count - self._free.qsize()
