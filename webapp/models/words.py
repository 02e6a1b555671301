"""What people write on a model's card: which fields there are, how long they may be, which licences are offered."""

from __future__ import annotations

from typing import Any

from webapp.names import one_line
from webapp.problems import Invalid

MOST = {"description": 4_000, "intended_use": 10_000, "note": 20_000, "licence": 200}  # characters
MOST_TAGS, LONGEST_TAG = 12, 40

LICENCES = {
    "Apache-2.0": "Apache License 2.0", "MIT": "MIT License", "BSD-3-Clause": "BSD 3-Clause License",
    "GPL-3.0-or-later": "GNU General Public License 3.0 or later",
    "AGPL-3.0-or-later": "GNU Affero General Public License 3.0 or later",
    "MPL-2.0": "Mozilla Public License 2.0", "EUPL-1.2": "European Union Public Licence 1.2",
    "CC0-1.0": "Creative Commons Zero 1.0", "CC-BY-4.0": "Creative Commons Attribution 4.0",
    "CC-BY-SA-4.0": "Creative Commons Attribution, Share Alike 4.0",
    "CC-BY-NC-4.0": "Creative Commons Attribution, Non Commercial 4.0",
    "CC-BY-NC-SA-4.0": "Creative Commons Attribution, Non Commercial, Share Alike 4.0",
    "CDLA-Permissive-2.0": "Community Data License Agreement, Permissive 2.0",
}  # fmt: skip
"""Those that models and data are mostly given under, by their SPDX identifiers (https://spdx.org/licenses)."""


def check(card: dict[str, Any]) -> None:
    """Raises Invalid at the fields that are too long."""
    errors = []
    for name, most in MOST.items():
        if len(text := card.get(name) or "") > most:
            errors.append((f"card.{name}", too_long(most, len(text))))
    if (count := len(tags := card.get("tags") or ())) > MOST_TAGS:
        errors.append(("card.tags", f"A card has at most {MOST_TAGS} tags; this has {count:,}."))
    elif longest := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
        errors.append(("card.tags", f"A tag has at most {LONGEST_TAG} characters; “{longest[:20]}…” is longer."))
    if errors:
        raise Invalid("; ".join(f"{field}: {message}" for field, message in errors), errors=errors)


def too_long(most: int, length: int) -> str:
    """What is said of a text of too many characters."""
    return f"It has at most {most:,} characters; this has {length:,}. Keep the gist here and link to the rest."


def tags_of(written: list[str]) -> list[str]:
    """Tags in the order of writing, each in one line and once, whatever its case; a comma parts two.

    >>> tags_of(["Poetry, small", "poetry", " ", "po\\0etry"])
    ['Poetry', 'small']
    """
    parts = [one_line(part) for text in written for part in text.split(",")]
    kept: dict[str, str] = {}
    for part in filter(None, parts):
        kept.setdefault(part.casefold(), part)
    return list(kept.values())
