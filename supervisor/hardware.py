"""Whether there is an NVIDIA GPU, without loading a driver library: device files and nvidia-smi."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def has_nvidia_gpu(environ: Mapping[str, str] = os.environ, devices: Path = Path("/dev")) -> bool:
    """Whether a process here could use an NVIDIA GPU, whatever CUDA_VISIBLE_DEVICES hides from it today."""
    if any(path.name[len("nvidia") :].isdecimal() for path in devices.glob("nvidia*")):
        return True
    # Windows' Linux has no device files; there only the tool knows.
    tool = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if not tool:
        return False
    try:
        listed = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.stdout.startswith("GPU ")
