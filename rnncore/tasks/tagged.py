"""What a tagging network says of sentences: run in batches, measured, and beside it the most frequent tag."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rnncore import metrics
from rnncore.data import buckets
from rnncore.events import Baseline
from rnncore.tasks import Measured, records
from rnncore.tasks.records import Part
from rnncore.tasks.sentences import NO_TAG, Sentences, Speller

CONFUSED = 40
"""Tags of a confusion matrix, the most frequent ones."""


def losses(scores: Tensor, targets: Tensor, lengths: Tensor, chain: Any) -> tuple[Tensor, Tensor]:
    """Nats of each sentence and of how many words they are, both ``(batch,)``. With a chain, of its whole path: a
    sentence with a tag that is not known has none."""
    known = targets != NO_TAG
    if chain is None:
        found = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=NO_TAG, reduction="none")
        return found.view(targets.shape).sum(0), known.sum(0)
    there = torch.arange(len(targets), device=targets.device).unsqueeze(1) < lengths
    whole = (known | ~there).all(0)
    nats = chain.log_partition(scores, lengths) - chain.score(scores, targets.clamp_min(0), lengths)
    return torch.where(whole, nats, 0), torch.where(whole, lengths, 0)


def best_tags(scores: Tensor, lengths: Tensor, chain: Any) -> Tensor:
    """The tags that are told, ``(time, batch)``."""
    return scores.argmax(2) if chain is None else chain.best(scores, lengths)


def tagged(
    forward: Any, speller: Speller, sentences: Sentences, targets: list[np.ndarray], device: torch.device,
    tick: Callable[[], None],
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Nats of each sentence, of how many words they are, and the tags that are told for its words."""
    nats, scored = np.empty(len(sentences)), np.empty(len(sentences), np.int64)
    guesses = [np.empty(0, np.int64)] * len(sentences)
    for index in records.in_batches(sentences.lengths, tick):
        batch = speller.batch(sentences, index, device)
        scores = forward(*batch)[0].double()
        truth = records.moved(buckets.pad([targets[record] for record in index], NO_TAG)[0], device)
        chain = forward.network.chain
        found, words = losses(scores, truth, batch[3], chain)
        nats[index], scored[index] = found.cpu().numpy(), words.cpu().numpy()
        best = best_tags(scores, batch[3], chain).cpu().numpy()
        for place, record in enumerate(index):
            guesses[record] = best[: len(targets[record]), place]
    return nats, scored, guesses


def measured(
    nats: np.ndarray, scored: np.ndarray, guesses: list[np.ndarray], targets: list[np.ndarray], tags: list[str],
    tokens: list[list[str]], known: Frequencies, part: Part,
) -> Measured:  # fmt: skip
    """Loss in nats per word, accuracy (on unseen words too), spans where tags mark them, and who was taken for whom."""
    truth, told = np.concatenate(targets), np.concatenate(guesses)
    names, output = _named(targets, tags), _named(guesses, tags)
    lengths = records.lengths_of(tokens)
    shares = np.array([float((one == other).mean()) for one, other in zip(targets, guesses, strict=True)])

    def describe(record: int) -> dict[str, Any]:
        return {
            "source": " ".join(tokens[record]), "output": " ".join(output[record]),
            "reference": " ".join(names[record]), "tokens": tokens[record], "tags": output[record],
            "truth": names[record], "loss": float(nats[record] / lengths[record]), "line": part.line(record),
        }  # fmt: skip

    counted = truth != NO_TAG
    report = {
        "kind": "tagging", "classes": metrics.per_class(truth[counted], told[counted], tags),
        "confusion": metrics.confusion(truth[counted], told[counted], tags, CONFUSED),
        "unknown_tags": int((~counted).sum()), "by_length": records.by_length(lengths, shares),
        **records.worst_and_random(nats / lengths, describe),
    }  # fmt: skip
    return Measured(float(nats.sum() / max(1, scored.sum())), known.figures(tokens, targets, guesses, tags), report)


class Frequencies:
    """How often each word of the training part has each tag: what the most frequent tag of a word is told from."""

    def __init__(self, by_word: dict[str, dict[int, int]], overall: list[int]) -> None:
        self.by_word, self.overall = by_word, overall

    @classmethod
    def of(cls, tokens: list[list[str]], targets: list[np.ndarray], tags: int) -> Frequencies:
        by_word: dict[str, Counter[int]] = defaultdict(Counter)
        for sentence, tagging in zip(tokens, targets, strict=True):
            for token, tag in zip(sentence, tagging.tolist(), strict=True):
                by_word[token.lower()][tag] += 1
        overall = np.bincount(np.concatenate(targets), minlength=tags).tolist()
        return cls({word: dict(counts) for word, counts in by_word.items()}, overall)

    def baseline(self, tokens: list[list[str]], targets: list[np.ndarray], tags: list[str]) -> Baseline:
        """The most frequent tag of each word, of an unseen word the most frequent of all. Its loss is that of the
        word's frequencies, to which one word with those of all is added."""
        overall = (np.array(self.overall) + 1.0) / (sum(self.overall) + len(self.overall))
        nats, guesses = [], []
        for sentence, truth in zip(tokens, targets, strict=True):
            guessed = []
            for token, tag in zip(sentence, truth.tolist(), strict=True):
                counts = self.by_word.get(token.lower(), {})
                guessed.append(max(counts, key=lambda one: (counts[one], -one)) if counts else int(overall.argmax()))
                if tag != NO_TAG:
                    share = (counts.get(tag, 0) + overall[tag]) / (sum(counts.values()) + 1)
                    nats.append(-np.log(share))
            guesses.append(np.array(guessed))
        figures = self.figures(tokens, targets, guesses, tags)
        return Baseline(step=0, name="most frequent tag", loss=float(np.mean(nats)), metrics=figures)

    def figures(
        self, tokens: list[list[str]], targets: list[np.ndarray], guesses: list[np.ndarray], tags: list[str]
    ) -> dict[str, float]:
        """Accuracy, that on words which the training part does not have, and of spans where tags mark them."""
        right = np.concatenate(guesses) == np.concatenate(targets)
        unseen = np.array([token.lower() not in self.by_word for sentence in tokens for token in sentence])
        found = {"accuracy": float(right.mean())}
        if unseen.any():
            found["unseen_accuracy"] = float(right[unseen].mean())
        if metrics.marks_spans(set(tags)):
            found |= metrics.span_scores(_named(targets, tags), _named(guesses, tags))
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"overall": self.overall, "words": self.by_word}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> Frequencies:
        words = {word: {int(tag): count for tag, count in counts.items()} for word, counts in body["words"].items()}
        return cls(words, body["overall"])


def _named(numbers: list[np.ndarray], tags: list[str]) -> list[list[str]]:
    return [[tags[tag] if tag != NO_TAG else "?" for tag in one] for one in numbers]
