"""What is in a text file: statistics, a preview and what is wrong with it, in one pass of flat memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def inspect(path: str | Path, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """What a text file holds, as a JSON-able dict.

    ``progress(done_bytes, total_bytes)`` is called once a block (a megabyte), in the calling thread; it may raise to
    end the work. Raises DataError for what cannot be trained on: empty or a single character, binary, broken gzip.

    ::

        {"format": "text", "encoding": "utf-8", "encoding_guessed": false, "compression": null | "gzip",
         "line_endings": "lf" | "crlf" | "cr" | "mixed" | "none", "bytes": size on disk,
         "statistics": {"characters", "lines", "vocabulary_size", "vocabulary": [[character, count], … at most 500],
                        "longest_line", "longest_line_number", "non_ascii_share": 0…1, "duplicate_lines",
                        "duplicate_lines_estimated": bool, "nul_bytes", "undecodable_bytes"},
         "preview": {"start", "middle", "end"},
         "problems": [{"severity": "error" | "warning" | "info", "message", "line": int | null, "offset": int | null,
                       "count": int | null}]}

    A problem never makes a file unusable (that is a DataError); "error" marks what makes training pointless.
    """
    raise NotImplementedError
