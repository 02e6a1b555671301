"""``rnncore generate`` and ``rnncore serve``. Registering them imports nothing heavy."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import suppress
from itertools import chain
from typing import Any

_OPTIONS: dict[str, tuple[type, str, str]] = {
    "prompt": (str, "TEXT", "what the text goes on from; it is not printed again"),
    "label": (str, "NAME", "what to write for: a label, or origin=Italian,year=1900; a language model has none"),
    "length": (int, "N", "tokens to write (default 300)"),
    "temperature": (float, "T", "below 1 plays safe, above 1 takes risks, 0 takes the likeliest token (default 0.8)"),
    "top_k": (int, "K", "draw from the K likeliest tokens alone (default 0: all)"),
    "top_p": (float, "P", "draw from the likeliest tokens that together have probability P (default 1: all)"),
    "seed": (int, "S", "the same seed gives the same text; without one, one is drawn and named on standard error"),
    "count": (int, "N", "so many texts (default 1)"),
}  # fmt: skip


def add_generate(subparsers: Any) -> None:
    """Register ``generate``; its ``run`` takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser("generate", help="write text with a trained model")
    parser.add_argument("folder", metavar="DIR", help="a run's folder or a model's")
    for name, (kind, metavar, words) in _OPTIONS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=kind, metavar=metavar, help=words)
    parser.set_defaults(run=generate)


def add_serve(subparsers: Any) -> None:
    """Register ``serve``; its ``run`` takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser("serve", help="answer requests for text, JSON lines on standard input and output")
    parser.set_defaults(run=serve)


def generate(arguments: argparse.Namespace) -> int:
    """Print the texts, a single one while it is written. Raises RequestError, CheckpointError."""
    _one_thread()
    from rnncore.infer.conditioned import load
    from rnncore.infer.locate import model_folder
    from rnncore.infer.unknown import of_prompt
    from rnncore.infer.writing import Request, write

    request = Request.parse({name: getattr(arguments, name) for name in _OPTIONS} | {"alternatives": 0})
    runtime = load(model_folder(arguments.folder))
    pieces = filter(None, write(runtime, request))
    first = next(pieces, None)  # what is wrong with a prompt is said before anything else
    pieces = chain([first] if first else [], pieces)
    if arguments.seed is None:
        sys.stderr.write(f"seed {request.seed}\n")
    if unknown := of_prompt(runtime.tokenizer, request.prompt).get("unknown"):
        sys.stderr.write(f"read as unknown: {', '.join(unknown)}\n")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    if request.count == 1:
        for piece in pieces:
            sys.stdout.write(piece.token)
            sys.stdout.flush()
        sys.stdout.write("\n")
        return 0
    texts = [""] * request.count
    for piece in pieces:
        texts[piece.text] += piece.token
    for number, text in enumerate(texts, 1):
        sys.stdout.write(f"=== {number} of {request.count} ===\n{text}\n")
    return 0


def serve(arguments: argparse.Namespace) -> int:
    """Serve until standard input ends. What anything else prints goes to standard error."""
    _one_thread()
    from rnncore.infer.serve import serve

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with suppress(BrokenPipeError), os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        serve(sys.stdin.fileno(), out)
    return 0


def _one_thread() -> None:
    """A step is too small to share, and threads that wait for a core which a training uses make it slower by far.

    Works where numpy is not loaded yet.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
