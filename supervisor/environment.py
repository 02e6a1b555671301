"""The virtual environment: made on first use, brought up to date when a lock file or a wish changes, else untouched.

Each step is remembered by the key of what it was made from, so that a look at a finished environment costs
milliseconds. A step that was cut short is remembered too: it is then done over, not trusted.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from supervisor import commands, frontend, hardware, locks, places, pytorch
from supervisor.console import Problem, Step
from supervisor.stamps import Stamps, fingerprint

GIB = 1024**3
SPACE = {"cpu": 3 * GIB, "cuda": 12 * GIB}  # the environment, pip's cache, and what pip unpacks on the way
UNFINISHED = "unfinished"  # the stamp of a task that was begun
QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}
PARTS = ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg")  # what `python -m venv` and pip make in a folder


@dataclass(frozen=True)
class Task:
    """A part of the environment. It is there when its stamp equals `key()`; `make` makes it and may say a word."""

    name: str
    title: str
    key: Callable[[], str | None]
    make: Callable[[Step], str | None]


class Environment:
    """The virtual environment in `folder`, for the checkout at `root`."""

    def __init__(
        self, folder: Path | None = None, root: Path = places.ROOT, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.folder, self.root, self.environ = folder or places.environment_folder(environ), root, environ
        self.python = self.folder / "bin" / "python"
        self.stamps = Stamps(self.folder / "studio.json")
        self.log = self.folder / "studio.log"

    def prepare(self, *, tests: bool = False, pages: bool = False) -> None:
        """Makes whatever is missing: packages, PyTorch; with `tests` what tests need, with `pages` the front end.

        Raises :class:`Problem` with a mend. Only one process at a time works on an environment; others wait for it.
        """
        if self.is_ready(tests=tests, pages=pages):
            return
        self._check_place()
        if not self.stamps.get("base"):
            sys.stderr.write(f"Setting Unroll up in {self.folder}; the first time takes a few minutes.\n")
        lock = locks.take(self.folder / "studio.lock")
        if lock is None:
            step = Step("Waiting for another studio command that sets this environment up")
            lock = locks.take(self.folder / "studio.lock", wait=True)
            step.done()
        try:
            for task in self._tasks(tests, pages):
                if not self._there(task):
                    self._do(task)
        finally:
            os.close(lock)

    def is_ready(self, *, tests: bool = False, pages: bool = False) -> bool:
        """Whether nothing is missing."""
        return all(self._there(task) for task in self._tasks(tests, pages))

    def _tasks(self, tests: bool, pages: bool) -> Iterator[Task]:
        yield Task("venv", "Virtual environment", self._interpreter, self._make_venv)
        yield self._packages("base", "Packages")
        if tests:
            yield self._packages("test", "Packages for the tests")
        choice = pytorch.choose(self.environ, lambda: hardware.has_nvidia_gpu(self.environ))
        yield Task("torch", "PyTorch", lambda: choice.key, lambda step: self._install_torch(step, choice))
        if pages:
            yield from self._front_end()

    def _front_end(self) -> Iterator[Task]:
        modules = self._npm("modules", "JavaScript packages", frontend.modules_key, "ci")
        pages = self._npm("pages", "Front end", frontend.pages_key, "run", "build")
        if self._there(modules) and self._there(pages):
            return  # without asking which Node.js there is
        if not frontend.npm(self.environ, self.folder):
            yield self._packages("node", f"Node.js, as there is none of version {frontend.OLDEST_NODE} or newer here")
        yield modules
        yield pages

    def _npm(self, name: str, title: str, key: Callable[[Path], str | None], *arguments: str) -> Task:
        def make(step: Step) -> None:
            frontend.run(step, self.root, frontend.npm(self.environ, self.folder), self.log, *arguments)

        return Task(name, title, lambda: key(self.root), make)

    def _packages(self, name: str, title: str) -> Task:
        lock = self.root / "requirements" / f"{name}.txt"
        return Task(name, title, lambda: fingerprint(lock), lambda step: self._install_locked(step, name, lock))

    def _there(self, task: Task) -> bool:
        key = task.key()
        return key is not None and self.stamps.get(task.name) == key

    def _do(self, task: Task) -> None:
        step = Step(task.title)
        try:
            said = task.make(step)
        except BaseException:
            step.failed()
            raise
        self.stamps.set(**{task.name: task.key()})
        step.done(said or "")

    def _interpreter(self) -> str | None:
        """The Python behind the environment: when the system replaces it by another version, the packages are lost."""
        return os.path.realpath(self.python) if self.python.exists() else None

    def _make_venv(self, step: Step) -> str | None:
        if importlib.util.find_spec("ensurepip") is None:
            version = "{}.{}".format(*sys.version_info)
            raise Problem(
                f"Python {version} here has no venv support; install it, on Debian and Ubuntu with: "
                f"sudo apt-get install python{version}-venv"
            )
        if self.python.exists() and self.stamps.get("venv") is None:
            return self._adopt_venv(step)
        for part in PARTS:
            path = self.folder / part
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        self.stamps.set(venv=UNFINISHED, base=None, test=None, node=None, torch=None)
        commands.run(step, [sys.executable, "-m", "venv", self.folder], self.log, cwd=self.root)
        return None

    def _adopt_venv(self, step: Step) -> str:
        """Somebody made it by hand, perhaps with a tool that leaves pip out."""
        if not any(self.folder.glob("lib/python*/site-packages/pip")):
            commands.run(step, [self.python, "-m", "ensurepip"], self.log, cwd=self.root)
        return "the one that is there"

    def _install_torch(self, step: Step, choice: pytorch.Choice) -> str:
        if self.stamps.get("torch"):
            # For pip another build of the same version, or a part of one, is as good as the one that is wanted.
            self._pip(step, "uninstall", "--yes", "torch")
        self.stamps.set(torch=UNFINISHED)
        self._pip(step, "install", *pytorch.arguments(choice, pytorch.reachable))
        look = "import torch; print(torch.__version__, 'with', torch.ones(1).device)"
        seen = commands.run(step, [self.python, "-I", "-c", look], self.log, cwd=self.root)
        return seen.split(" with ")[0].strip().splitlines()[-1]

    def _install_locked(self, step: Step, name: str, lock: Path) -> None:
        # What pip had half unpacked when it was ended counts as installed for it.
        again = ["--force-reinstall"] if self.stamps.get(name) == UNFINISHED else []
        self.stamps.set(**{name: UNFINISHED})
        self._pip(step, "install", *again, "--require-hashes", "--requirement", lock)

    def _pip(self, step: Step, *arguments: str | Path) -> None:
        # -I: neither PYTHONPATH nor packages in somebody's home may stand in for what is locked.
        command = [self.python, "-I", "-m", "pip", *arguments]
        commands.run(step, command, self.log, environ=os.environ | QUIET_PIP, cwd=self.root)

    def _check_place(self) -> None:
        ours = (self.folder / "pyvenv.cfg").exists() or (self.folder / "studio.lock").exists()
        if self.folder.exists() and not ours and any(self.folder.iterdir()):
            raise Problem(f"{self.folder} holds something else than an environment; name another in UNROLL_VENV")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(f"{self.folder} cannot be made ({error.strerror}); name another in UNROLL_VENV") from error
        if self.stamps.get("torch") not in (None, UNFINISHED):
            return
        choice = pytorch.choose(self.environ, lambda: hardware.has_nvidia_gpu(self.environ))
        needed, free = SPACE.get(choice.build, SPACE["cpu"]), shutil.disk_usage(self.folder).free
        if free < needed:
            raise Problem(
                f"{self.folder} has {free / GIB:.1f} GiB free, Unroll needs {needed / GIB:.0f}; free some space, or "
                "name a folder on a larger disk in UNROLL_VENV"
            )
