from __future__ import annotations

import pytest

from supervisor.hardware import has_nvidia_gpu


@pytest.mark.parametrize(
    ("files", "expected"),
    [([], False), (["nvidiactl", "nvidia-uvm"], False), (["nvidia0"], True), (["nvidiactl", "nvidia11"], True)],
)
def test_device_files(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).touch()
    assert has_nvidia_gpu({"PATH": str(tmp_path / "bin")}, devices=tmp_path) is expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'", True),
        ("echo 'NVIDIA-SMI has failed'; exit 9", False),
        ("echo 'No devices were found'", False),
    ],
)
def test_the_drivers_tool(tmp_path, script, expected):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    assert has_nvidia_gpu({"PATH": str(tmp_path)}, devices=tmp_path / "dev") is expected
