"""The encoded store: a text as one memory-mapped array of tokens, with its documents and character counts.

A folder with ``store.json`` and raw little-endian arrays: ``tokens``, ``documents`` and, where an unknown token hides
how long a word was, ``lengths``. It is a cache: it can always be made again from the text.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rnncore.data.documents import DocumentStarts
from rnncore.data.sources import open_text, sha256
from rnncore.data.tokens import Tokenizer
from rnncore.errors import DataError

FORMAT = 1
SUM_BLOCK = 1 << 22


class TokenStore:
    """An encoded text on disk, memory-mapped and read-only.

    tokens: (n,) the smallest unsigned dtype. documents: (d,) int64, ascending, the token at which each document
    begins; the first is 0. meta: ``{"format", "key", "dtype", "tokens", "documents", "characters", "vocabulary_size",
    "encoding", "undecodable_bytes", "nul_bytes", "widths"}``.
    """

    def __init__(self, folder: Path, meta: dict[str, Any]) -> None:
        self.folder = folder
        self.meta = meta
        self.vocabulary_size: int = meta["vocabulary_size"]
        self.tokens = _mapped(folder / "tokens", meta["dtype"], meta["tokens"])
        self.documents = _mapped(folder / "documents", "<i8", meta["documents"])
        self._widths = meta["widths"] and np.array(meta["widths"], np.int64)  # characters of each token; None: one
        self._lengths = _mapped(folder / "lengths", "u1", meta["tokens"]) if (folder / "lengths").exists() else None

    @classmethod
    def open(cls, folder: str | Path) -> TokenStore:
        """Map what ``encode`` wrote. Raises DataError where it is incomplete, FileNotFoundError where nothing is."""
        folder = Path(folder)
        text = (folder / "store.json").read_bytes()
        try:
            meta = json.loads(text)
            if meta["format"] != FORMAT:
                raise ValueError(f"format {meta['format']!r} is not known here")
            return cls(folder, meta)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise DataError(f"the encoded text in {folder} is damaged: {error}", hint="Delete that folder.") from None

    def __len__(self) -> int:
        return len(self.tokens)

    def characters(self, start: int = 0, stop: int | None = None) -> int:
        """How many characters of text the tokens ``start:stop`` stand for: exact, also for bytes, words and bpe."""
        start, stop, _ = slice(start, stop).indices(len(self))
        if self._lengths is not None:
            return int(self._lengths[start:stop].sum(dtype=np.int64))
        if self._widths is None:
            return max(stop - start, 0)
        blocks = (self.tokens[at : min(at + SUM_BLOCK, stop)] for at in range(start, stop, SUM_BLOCK))
        return sum(int(self._widths[block].sum()) for block in blocks)


def encode(
    path: str | Path, tokenizer: Tokenizer, folder: str | Path, *,
    documents: str = "none", progress: Callable[[int, int], None] | None = None,
) -> TokenStore:  # fmt: skip
    """Encode the text at ``path`` into ``folder``, whole or not at all; what already lies there for the same bytes,
    tokenizer and ``documents`` is used again.

    ``documents``: none | lines | records (parted by empty lines) | any separator text. A separator is kept: it ends its
    document, and the next one begins after it. ``progress(done_bytes, total_bytes)`` is called once a block and may
    raise to end the work. Raises DataError.
    """
    folder = Path(folder)
    key = hashlib.sha256("\0".join([sha256(path), tokenizer.to_json(), documents]).encode()).hexdigest()
    try:
        store = TokenStore.open(folder)
        if store.meta["key"] == key:
            return store
    except (DataError, FileNotFoundError):
        pass
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        meta = {"format": FORMAT, "key": key, **_write(path, tokenizer, work, documents, progress)}
        (work / "store.json").write_text(json.dumps(meta))
        _make_durable(work)
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return TokenStore.open(folder)


def _write(
    path: str | Path, tokenizer: Tokenizer, work: Path, documents: str, progress: Callable[[int, int], None] | None
) -> dict[str, Any]:
    """Write the arrays into ``work``; returns what is known of them."""
    encoder = tokenizer.encoder()
    starts = DocumentStarts(documents)
    tokens = characters = 0
    with (
        open_text(path) as text, (work / "tokens").open("wb") as ids, (work / "lengths").open("wb") as lengths,
        (work / "documents").open("wb") as begins,
    ):  # fmt: skip
        _append(begins, np.zeros(1, "<i8"))  # the text itself begins a document

        def feed(block: str, final: bool) -> int:
            try:
                encoded = encoder.feed(block, starts.feed(block) if block else [], final)
            except DataError as error:
                raise DataError(f"{text.name}: {error}", hint=error.hint) from None
            _append(ids, encoded.ids.astype(tokenizer.dtype.newbyteorder("<"), copy=False))
            _append(begins, (encoded.starts + tokens).astype("<i8"))
            if encoded.lengths is not None:
                _append(lengths, encoded.lengths)
            return len(encoded.ids)

        for block in text:
            tokens += feed(block, final=False)
            characters += len(block)
            if progress:
                progress(text.done_bytes, text.total_bytes)
        tokens += feed("", final=True)
        number_of_documents = begins.tell() // 8
    if (work / "lengths").stat().st_size == 0:
        (work / "lengths").unlink()
    widths = tokenizer.characters()
    return {
        "dtype": tokenizer.dtype.newbyteorder("<").str, "tokens": tokens, "documents": number_of_documents,
        "characters": characters, "vocabulary_size": tokenizer.vocabulary_size,
        "widths": None if (widths == 1).all() else widths.tolist(), "encoding": text.encoding,
        "undecodable_bytes": text.undecodable.count, "nul_bytes": text.nul.count,
    }  # fmt: skip


def _append(file: BinaryIO, values: np.ndarray) -> None:
    file.write(memoryview(np.ascontiguousarray(values)).cast("B") if len(values) else b"")


def _mapped(path: Path, dtype: str, length: int) -> np.ndarray:
    if path.stat().st_size != np.dtype(dtype).itemsize * length:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes, not {length:,} numbers")
    return np.memmap(path, np.dtype(dtype), "r", shape=(length,))


def _make_durable(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
