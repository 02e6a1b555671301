"""A whole small environment, made by the real venv and pip, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from supervisor import environment as module
from supervisor import locks
from supervisor.console import Problem
from supervisor.environment import Environment


def wheel(folder: Path, version: str) -> Path:
    """A PyTorch that can do what the installation looks at."""
    path = folder / f"torch-{version}-py3-none-any.whl"
    info = f"torch-{version}.dist-info"
    code = f"__version__ = {version!r}\n\n\ndef ones(count):\n    return type('Tensor', (), {{'device': 'cpu'}})\n\n\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("torch.py", code)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"torch.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A finished environment and its checkout; tests work on copies of it."""
    top = tmp_path_factory.mktemp("environment")
    (top / "unroll" / "requirements").mkdir(parents=True)
    for name in ("base", "test"):
        (top / "unroll" / "requirements" / f"{name}.txt").write_text("# nothing\n")
    wheel(top, "1.0")
    wheel(top, "2.0")
    made = at(top)
    made.prepare()
    return made


def at(top: Path, version: str = "1.0") -> Environment:
    environ = {
        "TORCH_SPEC": str(top / f"torch-{version}-py3-none-any.whl"), "TORCH_INDEX_URL": "file:///nowhere",
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    return Environment(top / "venv", top / "unroll", environ)


@pytest.fixture
def steps(monkeypatch):
    """The titles of the steps that are done."""
    titles = []
    do = Environment._do

    def noted(self, task):
        titles.append(task.title)
        do(self, task)

    monkeypatch.setattr(Environment, "_do", noted)
    return titles


@pytest.fixture
def made(template, tmp_path):
    """A copy of the finished environment that a test may spoil, with the same wishes."""
    shutil.copytree(template.folder, tmp_path / "venv", symlinks=True)
    shutil.copytree(template.root, tmp_path / "unroll")
    return Environment(tmp_path / "venv", tmp_path / "unroll", template.environ)


def torch_of(environment: Environment) -> str:
    look = [environment.python, "-I", "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(look, capture_output=True, text=True, check=True).stdout.strip()


def test_a_finished_environment_is_left_alone(made, steps):
    made.prepare()
    assert steps == []


def test_a_changed_lock_is_installed(made, steps):
    (made.root / "requirements" / "base.txt").write_text("# nothing else\n")
    made.prepare()
    assert steps == ["Packages"]


def test_tests_ask_for_more(made, steps):
    made.prepare(tests=True)
    assert steps == ["Packages for the tests"]


def test_what_is_not_locked_with_hashes_is_refused(made, template):
    (made.root / "requirements" / "base.txt").write_text(f"{template.folder.parent}/torch-2.0-py3-none-any.whl\n")
    with pytest.raises(Problem, match=r"Packages failed: ERROR: .*hash"):
        made.prepare()


def test_another_torch_takes_the_place_of_the_first(made, steps, template):
    made.environ = at(template.folder.parent, "2.0").environ
    assert torch_of(made) == "1.0"
    made.prepare()
    assert (steps, torch_of(made)) == (["PyTorch"], "2.0")


def test_an_interrupted_installation_is_done_over(made, steps):
    """pip takes a half-installed package for an installed one."""
    made.stamps.set(torch=module.UNFINISHED)
    next(made.folder.glob("lib/python*/site-packages/torch.py")).unlink()
    made.prepare()
    assert (steps, torch_of(made)) == (["PyTorch"], "1.0")


def test_a_step_that_is_ended_is_known_as_begun(made, monkeypatch):
    def ended(*arguments, **options):
        raise KeyboardInterrupt

    (made.root / "requirements" / "base.txt").write_text("# changed\n")
    monkeypatch.setattr(module.commands, "run", ended)
    with pytest.raises(KeyboardInterrupt):
        made.prepare()
    asked = []
    monkeypatch.setattr(module.commands, "run", lambda step, command, *_, **__: asked.append(command))
    made.prepare()
    assert [("--force-reinstall" in command) for command in asked] == [True]


def test_an_environment_made_by_hand_is_taken(template, tmp_path, steps):
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    mark = next(folder.glob("lib/python*/site-packages")) / "mark.txt"
    mark.touch()
    made = Environment(folder, template.root, template.environ)
    made.prepare()
    assert mark.exists()
    assert torch_of(made) == "1.0"


def test_a_failed_step_is_tried_again(made, steps, template):
    good = made.environ
    made.environ = good | {"TORCH_SPEC": str(template.folder / "no-such-0.0-py3-none-any.whl")}
    with pytest.raises(Problem, match="PyTorch failed"):
        made.prepare()
    made.environ = good
    made.prepare()
    assert (steps, torch_of(made)) == (["PyTorch", "PyTorch"], "1.0")


def test_a_python_that_is_gone_asks_for_a_new_environment(made, monkeypatch):
    made.python.unlink()
    made.python.symlink_to("/no/such/python")
    monkeypatch.setattr(Environment, "_make_venv", lambda self, step: pytest.fail("made anew"))
    with pytest.raises(pytest.fail.Exception, match="made anew"):
        made.prepare()


def test_others_wait_for_the_one_that_works(made, steps, monkeypatch):
    (made.root / "requirements" / "base.txt").write_text("# changed\n")
    lock = locks.take(made.folder / "studio.lock")
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(module.__file__).parent.parent)!r})
        from pathlib import Path
        from supervisor.environment import Environment
        Environment(Path({str(made.folder)!r}), Path({str(made.root)!r}), {dict(made.environ)!r}).prepare()
    """
    other = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert "Waiting for another studio command" in other.stderr.readline()
    monkeypatch.setattr(locks, "take", lambda path, wait=False: os.dup(lock))
    made.prepare()
    os.close(lock)
    assert other.wait() == 0
    assert "Packages" not in other.stderr.read()
    other.stderr.close()
    assert steps == ["Packages"]


def test_foreign_folders_are_not_touched(template, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    environment = Environment(tmp_path, template.root, template.environ)
    with pytest.raises(Problem, match="holds something else than an environment; name another in UNROLL_VENV"):
        environment.prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_full_disk_is_told_before_anything_is_done(template, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, 10**9))
    with pytest.raises(Problem, match=r"0\.9 GiB free, Unroll needs 3; free some space"):
        Environment(tmp_path / "venv", template.root, template.environ).prepare()
    assert not (tmp_path / "venv" / "bin").exists()


def test_missing_venv_support_is_told(template, tmp_path, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Problem, match=r"no venv support; install it, .*apt-get install python3\.\d+-venv"):
        Environment(tmp_path / "venv", template.root, template.environ).prepare()
