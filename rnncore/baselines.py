"""What methods that need no network reach: the yardstick beside every result. Torch-free.

A training computes them in a process of its own and does not wait: ``python -m rnncore.baselines SPEC`` prints one
JSON object a line, each as soon as it is known.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from rnncore.data import autoregression, ngram
from rnncore.data.store import TokenStore
from rnncore.data.streams import Part
from rnncore.events import Baseline


def of_text(train: Part | None, valid: Part, vocabulary_size: int) -> Iterator[Baseline]:
    """Baselines of a language model on ``valid``, stated at step 0. Without a text to learn from, only the uniform."""
    if train is None:
        found = iter([ngram.Result("uniform", math.log(vocabulary_size), {})])
    else:
        found = ngram.baselines(train, valid, vocabulary_size)
    for result in found:
        figures = text_metrics(result.loss, len(valid), valid.characters)
        yield Baseline(step=0, name=result.name, loss=result.loss, metrics=figures)


def text_metrics(loss: float, count: int, characters: int) -> dict[str, float]:
    """Bits per character and perplexity per token, of a mean ``loss`` in nats over ``count`` tokens that stand for
    ``characters`` characters."""
    bits = loss * count / max(1, characters) / math.log(2)
    return {"bits_per_character": bits, "perplexity": math.exp(min(loss, 700.0))}


def spec(train: Part, valid: Part, vocabulary_size: int) -> dict[str, Any]:
    """What a process needs to know to compute :func:`of_text`."""
    parts = {part.name: [str(part.store.folder), part.start, part.stop] for part in (train, valid)}
    return {"vocabulary_size": vocabulary_size, "train": parts["train"], "valid": parts["valid"]}


def of_records(
    train: np.ndarray | None, valid: np.ndarray, vocabulary_size: int, characters: int
) -> Iterator[Baseline]:
    """Baselines of a network that writes records, which know of no condition. ``train``, ``valid``: tokens ``(n,)``,
    each record with an end token before and after it, over which no context reaches; ``characters``: that the tokens of
    ``valid`` stand for. Without records to learn from, only the uniform."""
    measured = valid[: ngram.MAX_MEASURED].astype(np.int64)
    if train is None:
        found = iter([ngram.Result("uniform", math.log(vocabulary_size), {})])
    else:
        found = ngram.of_tokens(
            train[-ngram.MAX_COUNTED :].astype(np.int64), measured[None], 1, vocabulary_size, int(train[0])
        )
    for result in found:
        count = len(valid) - 1
        yield Baseline(step=0, name=result.name, loss=result.loss, metrics=text_metrics(result.loss, count, characters))


def main(body: dict[str, Any]) -> None:
    """Print the baselines of a spec: of :func:`spec`, ``{"records": FILE, …}`` with the arrays of
    :func:`of_records` in a safetensors file, or ``{"series": FILE, …}`` as
    :func:`rnncore.data.autoregression.save` gives it."""
    os.nice(19)
    if "series" in body:
        found = autoregression.of_saved(body)
    elif "records" in body:
        arrays = load_file(body["records"])
        found = of_records(arrays["train"], arrays["valid"], body["vocabulary_size"], body["characters"])
    else:
        parts = []
        for name in ("train", "valid"):
            folder, start, stop = body[name]
            parts.append(Part(name, TokenStore.open(folder), start, stop))
        found = of_text(*parts, body["vocabulary_size"])
    for baseline in found:
        sys.stdout.write(json.dumps(dataclasses.asdict(baseline)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
