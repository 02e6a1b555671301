"""A text and a recipe that train in seconds, for tests of everything around the training."""

from __future__ import annotations

from typing import Any

TEXT = "".join(f"{number} times {number} is {number * number}.\n" for number in range(400))


def recipe(**training: Any) -> dict[str, Any]:
    """A tiny network; 40 steps unless ``training`` says otherwise."""
    return {
        "task": {"kind": "language_model", "tokens": "char"},
        "network": {"hidden_size": 8, "num_layers": 1, "embedding_size": 4},
        "training": {
            "batch_size": 4, "sequence_length": 16, "max_steps": 40, "evaluate_every": 20, "checkpoint_every": 10,
            "device": "cpu", "precision": "float32", "patience": 0,
        } | training,
        "sampling": {"every": 20, "prompts": [""], "temperatures": [0.8], "length": 10},
    }  # fmt: skip


ENDLESS = {"max_steps": 10_000_000, "evaluate_every": 5000, "checkpoint_every": 200}
