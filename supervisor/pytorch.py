"""How PyTorch is installed: in a step of its own, because a hash lock would pin one build for everybody.

Without an NVIDIA GPU on Linux the plain request would bring gigabytes of CUDA libraries, so PyTorch's public index of
CPU builds is added to it: of equal versions pip prefers the one with the local label (2.13.0+cpu > 2.13.0).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SPEC = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True)
class Choice:
    """Which PyTorch is wanted here. Two equal choices need no second installation."""

    spec: str
    build: str  # an index address that somebody gave, or "cpu", "cuda", "default"

    @property
    def key(self) -> str:
        return f"{self.spec} from {self.build}"


def choose(environ: Mapping[str, str], has_gpu: Callable[[], bool], platform: str = sys.platform) -> Choice:
    """What the environment and the machine ask for."""
    spec = environ.get("TORCH_SPEC") or SPEC
    if index := environ.get("TORCH_INDEX_URL"):
        return Choice(spec, index)
    if not platform.startswith("linux"):
        return Choice(spec, "default")
    return Choice(spec, "cuda" if has_gpu() else "cpu")


def arguments(choice: Choice, serves: Callable[[str], bool]) -> list[str]:
    """What follows `pip install`.

    The CPU build needs nothing that is not locked, so nothing else may come with it. Wherever the plain request may
    bring another build, pip resolves what that build needs.
    """
    if choice.build == "cpu" and serves(CPU_INDEX):
        return ["--no-deps", "--extra-index-url", CPU_INDEX, choice.spec]
    if choice.build in ("cpu", "cuda", "default"):
        return [choice.spec]
    return ["--index-url", choice.build, choice.spec]


def reachable(index: str, timeout: float = 5.0) -> bool:
    """Whether an index serves PyTorch: a quick look (also through a proxy), so that pip does not wait for minutes."""
    import ssl  # only here: a start that installs nothing would pay for them too
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(f"{index}/torch/", timeout=timeout):  # noqa: S310 (the address is ours)
            return True
    except URLError as error:
        # Somebody's own certificates: pip may well know them.
        return isinstance(error.reason, ssl.SSLCertVerificationError)
    except OSError:
        return False
