from __future__ import annotations

import pytest

from jobs import trainer
from jobs.trainer import environment, signal_name


def test_a_training_sees_no_secrets_and_finds_the_engine_from_any_folder(monkeypatch, settings):
    for name in ("DATABASE_URL", "REDIS_URL", "UNROLL_SECRET_KEY", "STORAGE_URL"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = environment(None, None)
    assert "secret" not in found.values()
    assert found["PYTHONPATH"].startswith(str(settings.BASE_DIR))
    assert "CUDA_VISIBLE_DEVICES" not in found
    found = environment("GPU-1", 2)
    assert (found["CUDA_VISIBLE_DEVICES"], found["OMP_NUM_THREADS"]) == ("GPU-1", "2")


@pytest.mark.parametrize(("code", "name"), [(-9, "SIGKILL"), (-11, "SIGSEGV"), (-99, "signal 99")])
def test_signals_have_names(code, name):
    assert signal_name(code) == name


class TestTrainer:
    """The process around the engine, with a program that does what the engine never would."""

    @pytest.fixture
    def program(self, tmp_path, monkeypatch):
        def start(code: str) -> trainer.Trainer:
            (tmp_path / "rnncore.py").write_text(code)
            monkeypatch.setattr(trainer.settings, "BASE_DIR", tmp_path)
            return trainer.Trainer(tmp_path, ["train"], device=None, threads=None)

        return start

    def test_its_last_words_are_those_of_this_attempt(self, program):
        for word in ("first", "second"):
            process = program(f"import sys; print('ä' * 5000); sys.stderr.write({word!r}); sys.exit(1)")
            process.wait(20)
        assert process.poll() == 1
        assert process.last_words().endswith("ä" * 10 + "\nsecond")
        assert len(process.last_words().encode()) <= trainer.TAIL + 10
        assert "first" not in process.last_words()

    def test_its_input_stays_open_until_it_is_let_go(self, program):
        process = program("import sys; sys.stdin.read()")
        process.wait(0.5)
        assert process.poll() is None
        process._process.stdin.close()
        process.wait(20)
        assert process.poll() == 0
        process.kill()  # twice is no error

    def test_what_does_not_listen_is_killed(self, program):
        process = program("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
        process.wait(0.5)
        process.ask_to_end()
        process.wait(0.2)
        assert process.poll() is None
        process.kill()
        assert process.poll() == -9
