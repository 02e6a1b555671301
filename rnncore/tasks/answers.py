"""Answers of an encoder-decoder: decoded, judged beside all references of their source, and told in a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnncore import text_metrics
from rnncore.data import buckets
from rnncore.data.vocabulary import START, Vocabulary
from rnncore.events import Baseline
from rnncore.infer import beam
from rnncore.infer.beam import Found
from rnncore.networks.encoder_decoder import EncoderDecoder, Memory
from rnncore.tasks import records
from rnncore.tasks.inputs import TextInput
from rnncore.tasks.records import Part
from rnncore.text_metrics import Answer, Text

DECODED = 500
"""Sources of the validation part that are answered at each evaluation."""

MATRICES = 4
"""Attention matrices in a report, of sources of at most so many steps:"""
DRAWN = 60


@dataclass(frozen=True)
class Question:
    """A source and all its targets: ``records`` of the part that have it, and their texts."""

    records: list[int]
    source: Any
    references: list[Text]


@dataclass(frozen=True)
class Limits:
    """The longest source and target of the training part, in tokens: what is written is bounded by them."""

    source: int
    target: int

    def of(self, steps: int) -> int:
        """Tokens at most that answer a source of so many steps: a source longer than all seen may have more."""
        return int((self.target + 10) * max(1.0, steps / self.source))


def text_of(vocabulary: Vocabulary, value: str | list[str]) -> Text:
    """A target as it would be written from its tokens."""
    tokens = vocabulary.pieces(value)
    if vocabulary.kind in ("byte", "bpe"):
        return Text(value if isinstance(value, str) else " ".join(value), tokens)
    return Text(("" if vocabulary.kind == "char" else " ").join(tokens), tokens)


def written(vocabulary: Vocabulary, ids: Sequence[int]) -> Text:
    """What a decoder wrote."""
    return Text(vocabulary.decode(ids), [vocabulary.token(index) for index in ids])


def questions(part: Part, source: str, target: TextInput) -> list[Question]:
    """The different sources of a part, in order."""
    values, references = part.column(source), part.column(target.column)
    found: dict[Any, Question] = {}
    for record, value in enumerate(values):
        key = value if isinstance(value, str) else tuple(value)
        question = found.setdefault(key, Question([], value, []))
        question.records.append(record)
        question.references.append(text_of(target.vocabulary, references[record]))
    return list(found.values())


def some(asked: list[Question], most: int = DECODED) -> list[Question]:
    """At most so many, taken by chance: always the same ones."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(asked))[:most])
    return [asked[number] for number in chosen]


@torch.no_grad()
def decode(
    network: EncoderDecoder, sources: Sequence[np.ndarray], limits: Limits, beam_size: int, device: torch.device,
    tick: Callable[[], None], batch_size: int = records.EVALUATION_RECORDS,
) -> list[list[Found]]:  # fmt: skip
    """What beam search finds for each source, ids ``(steps,)``; in float32 and evaluation mode, whatever it trains in.

    ``batch_size``: side by side at most; it changes speed and memory, not what is found.
    """
    found: list[list[Found]] = [[] for _ in sources]
    for index in buckets.in_order(records.lengths_of(sources), max(1, batch_size // beam_size)):
        x, lengths = records.padded([sources[number] for number in index], device)
        memory, carry = network.encode(x, lengths)
        most = [limits.of(len(sources[number])) for number in index]
        for number, one in zip(
            index, beam.search(partial(_step, network, memory), carry, most, beam_size, device, tick), strict=True
        ):
            found[number] = one
    return found


def _step(network: EncoderDecoder, memory: Memory, tokens: Tensor, carry: Any, rows: Tensor) -> tuple[Tensor, Any]:
    return network.step(tokens, memory.rows(rows), carry)


@torch.no_grad()
def attention(
    network: EncoderDecoder, sources: Sequence[np.ndarray], outputs: Sequence[Sequence[int]], device: torch.device
) -> list[list[list[float]]] | None:
    """Where it looked for each token of each output: rows are its tokens, columns those of its source. None where the
    network has no attention."""
    if network.attention is None:
        return None
    found: list[list[list[float]]] = [[] for _ in sources]
    for index in buckets.in_order(records.lengths_of(sources), records.EVALUATION_RECORDS):
        x, lengths = records.padded([sources[number] for number in index], device)
        inputs, _ = records.padded([np.array([START, *outputs[number]]) for number in index], device)
        weights = network.weights(x, lengths, inputs).transpose(0, 1).double().cpu().numpy().round(5)
        for number, matrix in zip(index, weights, strict=True):
            found[number] = matrix[: len(outputs[number]), : len(sources[number])].tolist()
    return found


def judged(asked: Sequence[Question], outputs: Sequence[Text]) -> list[Answer]:
    """The answers to the questions."""
    return [
        Answer(output, question.references, one_word=text_metrics.is_one_word(question.source))
        for question, output in zip(asked, outputs, strict=True)
    ]


def copied(asked: Sequence[Question], target: Vocabulary) -> Baseline:
    """The source as the answer. Its loss is that of a model that writes the source's token at each step as often as it
    is right here, and each other token alike."""
    outputs = [text_of(target, question.source) for question in asked]
    answers = judged(asked, outputs)
    same = total = 0
    for answer in answers:
        for reference in answer.references:
            wanted = [*reference.tokens, None]  # the end is a token too
            same += sum(one == other for one, other in zip([*answer.output.tokens, None], wanted, strict=False))
            total += len(wanted)
    share = (same + 1) / (total + 2)
    others = max(1, target.size - 1)
    loss = -(share * np.log(share) + (1 - share) * np.log((1 - share) / others))
    return Baseline(step=0, name="copy the source", loss=float(loss), metrics=text_metrics.figures(answers))


def report(
    part: Part, asked: Sequence[Question], answers: Sequence[Answer], lengths: np.ndarray, losses: np.ndarray,
    matrix: Callable[[int], dict[str, Any] | None],
) -> dict[str, Any]:  # fmt: skip
    """What the figures hide. ``lengths``: steps of each source; ``losses``: nats per token of its likeliest reference.

    ``matrix``: of a question's number, its tokens and attention; None where there is no attention.
    """

    def describe(number: int) -> dict[str, Any]:
        question, answer = asked[number], answers[number]
        return {
            "source": shown(question.source), "output": answer.output.text[:500],
            "reference": " | ".join(reference.text for reference in answer.references)[:500],
            "right": answer.right, "loss": float(losses[number]), "line": part.line(question.records[0]),
        }  # fmt: skip

    right = np.array([answer.right for answer in answers], float)
    drawn = [number for number in range(len(asked)) if lengths[number] <= DRAWN][:MATRICES]
    return {
        "kind": "seq2seq", "answered": len(asked), "by_length": records.by_length(lengths, right),
        "attention": [found for number in drawn if (found := matrix(number))],
        **records.worst_and_random(losses, describe),
    }  # fmt: skip


def shown(value: str | list[str]) -> str:
    """A source in a report."""
    return (value if isinstance(value, str) else " ".join(map(str, value)))[:500]
