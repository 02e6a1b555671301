"""Tagging, many to many, aligned: each word of a sentence gets a tag.

Loss is nats per word. A word that the training part has seldom is sometimes read as the unknown word while learning
(E. Kiperwasser and Y. Goldberg, TACL 2016, section 4), so that what is unknown later has a meaning.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import metrics, networks
from rnncore.data import buckets, vocabulary
from rnncore.data.buckets import Buckets
from rnncore.data.vocabulary import UNKNOWN, Vocabulary
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, PromptError, RecipeError
from rnncore.events import Baseline, Example
from rnncore.networks.tagging import TaggingNetwork
from rnncore.recipe import Recipe
from rnncore.tasks import Forward, Measured, Sources, known, records
from rnncore.tasks.records import Part, Records
from rnncore.train import diagnostics

SHOWN, PROBED = 4, 32
"""Sentences that every sample shows, and on which the gradient's reach is looked at."""

CEILING = 10
"""Times the loss of a network that knows nothing."""

CONFUSED = 40
"""Tags of a confusion matrix, the most frequent ones."""

REPLACED = 0.25
"""α of α / (α + count): how often a word that the training part has ``count`` times is read as unknown."""

NO_TAG = -1
"""A tag that the training part does not have: it counts as an error and not in the loss."""

CPU = torch.device("cpu")

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
"""How a sentence is cut that comes as a text: words with what stands within them, and marks."""

_FIELDS = (
    "cell", "embedding_size", "character_size", "hidden_size", "num_layers", "dropout", "bidirectional", "bias",
    "nonlinearity",
)  # fmt: skip


@dataclass(frozen=True)
class Sentences:
    """``tokens`` of each, and as numbers: ``words`` of the vocabulary, ``forms`` of the spellings."""

    tokens: list[list[str]]
    words: list[np.ndarray]
    forms: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> np.ndarray:
        return records.lengths_of(self.tokens)


class Speller:
    """Words to numbers: of the vocabulary, and of their spellings, each of which is kept once."""

    def __init__(self, words: Vocabulary, letters: Vocabulary) -> None:
        self.words, self.letters = words, letters
        self._numbers: dict[str, int] = {}
        self._spelled: list[np.ndarray] = []

    def read(self, sentences: list[list[str]]) -> Sentences:
        return Sentences(
            sentences, [self.words.encode([token.lower() for token in tokens]) for tokens in sentences],
            [np.fromiter(map(self._number, tokens), np.int64, len(tokens)) for tokens in sentences],
        )  # fmt: skip

    def batch(self, sentences: Sentences, index: Sequence[int], device: torch.device, most: int | None = None) -> Batch:
        """What the network reads of some sentences, of each its first ``most`` words."""
        words, lengths = buckets.pad([sentences.words[record][:most] for record in index])
        forms, _ = buckets.pad([sentences.forms[record][:most] for record in index])
        known, place = np.unique(forms, return_inverse=True)
        spelled, _ = buckets.pad([self._spelled[form] for form in known])
        return tuple(
            records.moved(array, device)
            for array in (words, place.reshape(forms.shape), np.ascontiguousarray(spelled.T), lengths)
        )

    def _number(self, token: str) -> int:
        if token not in self._numbers:
            self._numbers[token] = len(self._spelled)
            self._spelled.append(self.letters.encode(token or " "))
        return self._numbers[token]


Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""words, forms, spelled, lengths: see :meth:`rnncore.networks.tagging.TaggingNetwork.forward`."""


class Task:
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.data = Records(recipe, files, tick)
        self.recipe, self.parts = self.data.recipe, self.data.parts
        task, train, taken = self.recipe.task, self.parts["train"], known.of(folder)
        tokens = {name: tokens_of(part, task.text_column) for name, part in self.parts.items()}
        tags = {name: tags_of(part, tokens[name], task.tag_column) for name, part in self.parts.items()}
        self.counts = Counter(token.lower() for sentence in tokens["train"] for token in sentence)
        if taken:
            self.tags = _known_tags(train, tags["train"], taken.description["tags"])
            both = taken.vocabularies()
            words, letters = both["words"], both["letters"]
        else:
            self.tags = _all_tags(train, tags["train"], task.tag_column)
            words = Vocabulary.build("word", ([word] for word in self.counts.elements()), task.vocabulary_size or 0)
            letters = Vocabulary.build("char", [token for one in tokens["train"] for token in one])
        self.speller = Speller(words, letters)
        self.sentences = {name: self.speller.read(part) for name, part in tokens.items()}
        self.targets = {name: numbered(part, self.tags) for name, part in tags.items()}
        self.frequencies = Frequencies.of(tokens["train"], self.targets["train"], len(self.tags))
        self.unknown = known.share_unknown(train.table.name, self.sentences["train"].words) if taken else None
        lengths = self.sentences["train"].lengths
        self.facts = Facts(
            tokens=int(lengths.sum()), vocabulary_size=words.size, records=sum(map(len, self.parts.values())),
            longest=int(lengths.max()), outputs=len(self.tags), letters=self.speller.letters.size,
        )  # fmt: skip

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe
        counts = np.array([self.counts.get(token, 0) for token in self.speller.words.tokens], np.float32)
        self.replaced = torch.from_numpy(np.where(counts > 0, REPLACED / (REPLACED + counts), 0))

    def network(self) -> nn.Module:
        network = build(self._description())
        networks.initialize(network.rnn, self.recipe.network.init, memory=self.recipe.training.sequence_length)
        return network

    def texts(self) -> dict[str, str]:
        return {
            "network.json": json.dumps(self._description(), indent=1, ensure_ascii=False),
            "tokenizer.json": vocabulary.save({"words": self.speller.words, "letters": self.speller.letters}),
            "frequencies.json": json.dumps(self.frequencies.to_dict(), ensure_ascii=False),
        }

    def batches(self) -> Buckets:
        most = self.recipe.training.sequence_length
        return records.training_batches(np.minimum(self.sentences["train"].lengths, most), self.recipe)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        most = self.recipe.training.sequence_length
        words, forms, spelled, lengths = self.speller.batch(self.sentences["train"], batch, CPU, most)
        if forward.network.training:
            words = words.masked_fill(torch.rand(words.shape) < self.replaced[words], UNKNOWN)
        targets, _ = buckets.pad([self.targets["train"][record][:most] for record in batch], NO_TAG)
        inputs = [tensor.to(device) for tensor in (words, forms, spelled, lengths)]
        scores = _wide(forward(*inputs)[0])
        count = int(lengths.sum())
        chain = forward.network.chain
        nats, _ = losses(scores, records.moved(targets, device), inputs[3], chain)
        return nats.sum() / count, count, None

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    @torch.no_grad()
    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        part, sentences, targets = self.parts[split], self.sentences[split], self.targets[split]
        nats, scored, guesses = tagged(forward, self.speller, sentences, targets, device, tick)
        return measured(nats, scored, guesses, targets, self.tags, sentences.tokens, self.frequencies, part)

    def quick_baselines(self) -> list[Baseline]:
        if "valid" not in self.parts:
            return []
        return [self.frequencies.baseline(self.sentences["valid"].tokens, self.targets["valid"], self.tags)]

    def baselines(self) -> None:
        return None

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Example]:
        name = "valid" if "valid" in self.parts else "train"
        sentences, device = self.sentences[name], next(network.parameters()).device
        index = range(min(SHOWN, len(sentences)))
        batch = self.speller.batch(sentences, index, device)
        guesses = best_tags(_wide(network(*batch)[0]), batch[3], network.chain).cpu().numpy()
        tick()
        for place, record in enumerate(index):
            truth = self.targets[name][record]
            output = [self.tags[tag] for tag in guesses[: len(truth), place]]
            reference = [self.tags[tag] if tag != NO_TAG else "?" for tag in truth]
            yield Example(
                step=step, source=" ".join(sentences.tokens[record]), output=" ".join(output),
                reference=" ".join(reference),
            )  # fmt: skip

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        """Of the last word's scores."""
        sentences = self.sentences["train"]
        index = range(min(PROBED, len(sentences)))
        words, forms, spelled, lengths = self.speller.batch(
            sentences, index, device, self.recipe.training.sequence_length
        )
        return diagnostics.gradient_to_the_end(_Last(network), network.embed(words, forms, spelled), lengths)

    def ceiling(self) -> float:
        return CEILING * float(np.log(len(self.tags)))

    def _description(self) -> dict[str, Any]:
        return {
            "format": networks.FORMAT, "task": "tagging",
            **{name: getattr(self.recipe.network, name) for name in _FIELDS}, "crf": self.recipe.task.crf,
            "context": self.recipe.training.sequence_length, "vocabulary_size": self.speller.words.size,
            "letters": self.speller.letters.size, "tags": self.tags,
        }  # fmt: skip


class _Last(nn.Module):
    """A tagging network of which only the scores of the last words are looked at."""

    def __init__(self, network: TaggingNetwork) -> None:
        super().__init__()
        self.network = network

    def score(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        scores = self.network.score(embedded, lengths)
        return scores[lengths - 1, torch.arange(len(lengths), device=scores.device)]


class Model:
    """See :class:`rnncore.tasks.Model`."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            self.network = build(self.description)
            self.network.load_state_dict(load_file(folder / "model.safetensors"))
            self.network.eval()
            known = vocabulary.load(folder / "tokenizer.json")
            self.speller = Speller(known["words"], known["letters"])
            self.frequencies = Frequencies.from_dict(json.loads((folder / "frequencies.json").read_bytes()))
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, RecipeError, DataError) as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.tags: list[str] = self.description["tags"]

    def predict(self, inputs: list[Any], **options: Any) -> list[dict[str, Any]]:
        """``{"tags", "tokens", "probabilities"}``: for each word its tag and how probable it is. A text is cut into
        words and marks."""
        column = self.recipe.task.text_column
        tokens = [_words(item, column, number) for number, item in enumerate(inputs, 1)]
        sentences = self.speller.read(tokens)
        found: list[dict[str, Any]] = [{}] * len(tokens)
        for index in records.in_batches(sentences.lengths, lambda: None):
            words, forms, spelled, lengths = self.speller.batch(sentences, index, CPU)
            with torch.no_grad():
                scores = _wide(self.network(words, forms, spelled, lengths)[0])
            chain = self.network.chain
            tags = best_tags(scores, lengths, chain)
            shares = chain.marginals(scores, lengths) if chain is not None else scores.softmax(2)
            probable = shares.gather(2, tags.unsqueeze(2)).squeeze(2)
            for place, record in enumerate(index):
                count = len(tokens[record])
                found[record] = {
                    "tags": [self.tags[tag] for tag in tags[:count, place].tolist()], "tokens": tokens[record],
                    "probabilities": probable[:count, place].tolist(),
                }  # fmt: skip
        return found

    def inputs(self, data: Path) -> list[Any]:
        return records.inputs_of(data)

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        task = self.recipe.task
        part = records.whole_part(data, self.recipe, [task.text_column, task.tag_column])
        tokens = tokens_of(part, task.text_column)
        targets = numbered(tags_of(part, tokens, task.tag_column), self.tags)
        with torch.no_grad():
            nats, scored, guesses = tagged(
                _Plain(self.network), self.speller, self.speller.read(tokens), targets, CPU, lambda: None
            )
        found = measured(nats, scored, guesses, targets, self.tags, tokens, self.frequencies, part)
        baseline = self.frequencies.baseline(tokens, targets, self.tags)
        return {"loss": found.loss, "metrics": found.metrics, "baseline": {baseline.name: baseline.loss}}


class _Plain:
    """A network as :func:`tagged` calls it."""

    def __init__(self, network: TaggingNetwork) -> None:
        self.network = network

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, None]:
        return self.network(*inputs)


def build(description: dict[str, Any]) -> TaggingNetwork:
    """The network of a description, with PyTorch's initial weights."""
    names = (*_FIELDS, "crf", "context", "vocabulary_size", "letters")
    return TaggingNetwork(len(description["tags"]), **{name: description[name] for name in names})


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
    right = truth == told
    unseen = np.array([token.lower() not in known.by_word for sentence in tokens for token in sentence])
    figures = {"accuracy": float(right.mean())}
    if unseen.any():
        figures["unseen_accuracy"] = float(right[unseen].mean())
    names = [[tags[tag] if tag != NO_TAG else "?" for tag in one] for one in targets]
    output = [[tags[tag] for tag in one] for one in guesses]
    if metrics.marks_spans(set(tags)):
        figures |= metrics.span_scores(names, output)
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
    return Measured(float(nats.sum() / max(1, scored.sum())), figures, report)


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
        right = np.concatenate(guesses) == np.concatenate(targets)
        figures = {"accuracy": float(right.mean())}
        unseen = np.array([token.lower() not in self.by_word for sentence in tokens for token in sentence])
        if unseen.any():
            figures["unseen_accuracy"] = float(right[unseen].mean())
        if metrics.marks_spans(set(tags)):
            names = [[tags[tag] if tag != NO_TAG else "?" for tag in one] for one in targets]
            figures |= metrics.span_scores(names, [[tags[tag] for tag in one] for one in guesses])
        return Baseline(step=0, name="most frequent tag", loss=float(np.mean(nats)), metrics=figures)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {"overall": self.overall, "words": self.by_word}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> Frequencies:
        words = {word: {int(tag): count for tag, count in counts.items()} for word, counts in body["words"].items()}
        return cls(words, body["overall"])


def tokens_of(part: Part, column: str) -> list[list[str]]:
    """The words of each sentence: a list as it is, a text at its spaces."""
    return [value.split() if isinstance(value, str) else list(map(str, value)) for value in part.column(column)]


def tags_of(part: Part, tokens: list[list[str]], column: str) -> list[list[str]]:
    """The tags of each sentence. Raises DataError that names the line where they are not as many as its words."""
    found = tokens_of(part, column)
    for record, (words, tags) in enumerate(zip(tokens, found, strict=True)):
        if len(words) != len(tags):
            message = f"{part.table.name}: {len(words)} words and {len(tags)} tags in {column!r}"
            raise DataError(message, line=part.line(record), hint="Give each word one tag.")
    return found


def numbered(tags: list[list[str]], known: list[str]) -> list[np.ndarray]:
    """Tags as numbers, those that are not known :data:`NO_TAG`."""
    numbers = {tag: number for number, tag in enumerate(known)}
    return [np.fromiter((numbers.get(tag, NO_TAG) for tag in one), np.int64, len(one)) for one in tags]


def _all_tags(part: Part, tags: list[list[str]], column: str) -> list[str]:
    found = sorted({tag for one in tags for tag in one})
    if len(found) < 2:
        raise DataError(
            f"{part.table.name}: every word has the tag {found[0]!r} in {column!r}; there is nothing to tell"
        )
    return found


def _known_tags(part: Part, tags: list[list[str]], found: list[str]) -> list[str]:
    """The tags of the weights that the run starts from. Raises DataError where a sentence has another one."""
    for record, sentence in enumerate(tags):
        for tag in sentence:
            if tag not in found:
                raise known.strange(tag, found, what="tag", name=part.table.name, line=part.line(record))
    return found


def _words(item: Any, column: str, number: int) -> list[str]:
    value = records.field_of(item, column, number)
    if isinstance(value, str):
        value = _WORD.findall(value)
    if not isinstance(value, list) or not value or not all(isinstance(token, str) for token in value):
        raise PromptError(f"inputs.{number}: {column} must be a sentence or a list of words, at least one")
    return value


def _wide(scores: Tensor) -> Tensor:
    """At least in float32: a softmax is not taken in bfloat16."""
    return scores.to(torch.promote_types(scores.dtype, torch.float32))
