"""Tagging, many to many, aligned: each word of a sentence gets a tag.

Loss is nats per word. A word that the training part has seldom is sometimes read as the unknown word while learning
(E. Kiperwasser and Y. Goldberg, TACL 2016, section 4), so that what is unknown later has a meaning.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import familiar, networks
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
from rnncore.tasks.sentences import NO_TAG, Speller, numbered, tags_of, tokens_of
from rnncore.tasks.tagged import Frequencies, best_tags, losses, measured, tagged
from rnncore.train import diagnostics
from rnncore.train.precision import wide

SHOWN, PROBED = 4, 32
"""Sentences that every sample shows, and on which the gradient's reach is looked at."""

CEILING = 10
"""Times the loss of a network that knows nothing."""

REPLACED = 0.25
"""α of α / (α + count): how often a word that the training part has ``count`` times is read as unknown."""

CPU = torch.device("cpu")

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
"""How a sentence is cut that comes as a text: words with what stands within them, and marks."""

_FIELDS = (
    "cell", "embedding_size", "character_size", "hidden_size", "num_layers", "dropout", "bidirectional", "bias",
    "nonlinearity",
)  # fmt: skip


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
        scores = wide(forward(*inputs)[0])
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
        guesses = best_tags(wide(network(*batch)[0]), batch[3], network.chain).cpu().numpy()
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
                scores = wide(self.network(words, forms, spelled, lengths)[0])
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
                raise familiar.strange(tag, found, what="tag", name=part.table.name, line=part.line(record))
    return found


def _words(item: Any, column: str, number: int) -> list[str]:
    value = records.field_of(item, column, number)
    if isinstance(value, str):
        value = _WORD.findall(value)
    if not isinstance(value, list) or not value or not all(isinstance(token, str) for token in value):
        raise PromptError(f"inputs.{number}: {column} must be a sentence or a list of words, at least one")
    return value
