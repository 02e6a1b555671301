"""Tokenizers: text to numbers and back, exactly; saved as JSON.

One module a kind (char, byte, word, bpe), each with a class ``TOKENIZER``; what they share is in ``base``. A new kind
is one more such module and its line in :mod:`rnncore.catalog`.
"""

from __future__ import annotations

from collections.abc import Iterable

from rnncore.data.tokens.base import Encoded, Encoder, Tokenizer, kind_of

__all__ = ["Encoded", "Encoder", "Tokenizer", "build"]


def build(kind: str, blocks: Iterable[str], vocabulary_size: int = 0) -> Tokenizer:
    """A tokenizer of ``kind`` (char, byte, word, bpe) for the text that ``blocks`` make up, read once.

    The text is the whole text, validation and test parts (and files: chain them) included. A character model is a
    distribution over a fixed alphabet, and a character outside it would have no probability at all; knowing that a
    character exists tells a model nothing of where it stands. ``vocabulary_size``: word and bpe at most so many,
    0 = their own default; rare tokens are left out anyway. Deterministic.
    Raises RecipeError (``task.vocabulary_size``, ``task.tokens``), DataError (no text).
    """
    return kind_of(kind).build(blocks, vocabulary_size)
