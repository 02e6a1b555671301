"""Who may do what: one row for every route, socket and upload of the studio, and what each kind of person gets.

``tests/webapp/test_roles.py`` asks every one of them as everybody, and fails for a route that has no row. As Markdown,
into the document that has the table between its marks::

    python -m tests.webapp.roles docs/reliability.md
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMBERS = ("owner", "editor", "viewer")
SIGNED_IN = (*MEMBERS, "outsider")
STRANGERS = ("shared link", "expired link", "revoked token", "nobody")
EVERYBODY = (*SIGNED_IN, *STRANGERS)

# What a row says of who gets through. Beside these stand the rights of webapp.teams.roles ("view", "train", …): of a
# thing of the team; and "here:RIGHT": in the team that one works in, which is an outsider's own.
GATES = {
    "everybody": "everybody, signed in or not",
    "signed in": "everybody who is signed in, about themselves",
    "mine": "the person whose it is; others find nothing",
    "guest": "who is not signed in; others are led home",
    "link": "who has the link of a share, as long as it works",
    "nobody": "there is nothing",
}


@dataclass(frozen=True)
class Row:
    """``gate``: who gets through; ``ok``: the status that they get; ``body``: what is sent, or asked for.

    ``of``: exceptions, a status by person.
    """

    gate: str
    ok: int = 200
    body: dict[str, Any] | None = None
    of: dict[str, int] | None = None


RECIPE = {"task": {"kind": "language_model"}, "training": {"max_steps": 20}}
DATASET, ON_TEAM = {"dataset": "{dataset_id}"}, {"team_id": "{team_id}"}
SEES_ITS_END = 404  # "there is no report on this": whoever may see the thing is told so

PAGES: dict[str, Row] = {
    "GET /": Row("here:view"),
    "GET /healthz": Row("everybody"),
    "GET /accounts/login/": Row("guest"),
    "POST /accounts/login/": Row("guest"),
    "GET /accounts/signup/": Row("guest"),
    "POST /accounts/signup/": Row("guest"),
    "GET /accounts/logout/": Row("signed in", of=dict.fromkeys(STRANGERS, 302)),
    "POST /accounts/logout/": Row("signed in", 302),
    "GET /accounts/inactive/": Row("everybody"),
    "GET /accounts/password/change/": Row("signed in"),
    "POST /accounts/password/change/": Row("signed in"),
    "GET /settings/": Row("signed in"),
    "POST /settings/tokens/": Row("signed in", 201, {"name": "script", "scopes": "read"}),
    "POST /settings/tokens/{token_id}/revoke/": Row("mine", 302),
    # teams
    "GET /team/": Row("signed in", 302),
    "GET /teams/new/": Row("signed in"),
    "POST /teams/new/": Row("signed in", 302, {"name": "a team"}),
    "POST /teams/switch/": Row("signed in", 302, {"team": "{team_id}"}),
    "GET /teams/{team_id}/": Row("view"),
    "GET /teams/{team_id}/history/": Row("view"),
    "POST /teams/{team_id}/rename/": Row("manage", 302, {"name": "another"}),
    "GET /teams/{team_id}/delete/": Row("manage"),
    "POST /teams/{team_id}/delete/": Row("manage", 409),  # it is not empty
    "GET /teams/{team_id}/leave/": Row("view"),
    "POST /teams/{team_id}/leave/": Row("view", 302, of={"owner": 409}),  # the last one
    "GET /teams/{team_id}/hand-over/": Row("manage"),
    "POST /teams/{team_id}/hand-over/": Row("manage", 302, {"person": "{person_id}"}),
    "POST /teams/{team_id}/people/{person_id}/role/": Row("manage", 302, {"role": "editor"}),
    "GET /teams/{team_id}/people/{person_id}/remove/": Row("manage"),
    "POST /teams/{team_id}/people/{person_id}/remove/": Row("manage", 302),
    "POST /teams/{team_id}/invitations/": Row("manage", 201, {"role": "viewer", "ends": "7"}),
    "POST /teams/{team_id}/invitations/{invitation_id}/revoke/": Row("manage", 302),
    "POST /teams/{team_id}/links/{share_id}/revoke/": Row("share", 302),
    # refused: the owner made it, the others are in the team
    "GET /join/{secret}": Row("everybody", of=dict.fromkeys(MEMBERS, 409)),
    "POST /join/{secret}": Row("everybody", of=dict.fromkeys(MEMBERS, 409) | {"outsider": 302}),
    # datasets
    "GET /datasets/": Row("here:view"),
    "GET /datasets/paste/": Row("here:upload"),
    "POST /datasets/paste/": Row("here:upload", 302, {"name": "a", "text": "some text"}),
    "GET /datasets/synthetic/": Row("here:upload"),
    "POST /datasets/synthetic/": Row("here:upload", 302, {"name": "sum", "count": "50"}),
    "POST /datasets/example/": Row("here:upload", 302, {"example": "python"}),
    "POST /datasets/uploads/{upload_id}/discard/": Row("upload", 302),
    "GET /datasets/{dataset_id}/": Row("view"),
    "GET /datasets/{dataset_id}/row/": Row("view"),
    "GET /datasets/{dataset_id}/lines/": Row("view"),
    "GET /datasets/{dataset_id}/download/": Row("view"),
    "GET /datasets/{dataset_id}/paste/": Row("upload"),
    "POST /datasets/{dataset_id}/paste/": Row("upload", 302, {"text": "some text"}),
    "POST /datasets/{dataset_id}/columns/": Row("upload", 422),  # a text has none
    "POST /datasets/{dataset_id}/task/": Row("upload", 302),
    "POST /datasets/{dataset_id}/rename/": Row("upload", 302, {"name": "b"}),
    "POST /datasets/{dataset_id}/delete/": Row("delete", 302),
    "POST /datasets/{dataset_id}/versions/{number}/delete/": Row("delete", 409),  # the only one
    # runs
    "GET /runs/": Row("here:view"),
    "GET /runs/deleted/": Row("here:view"),
    "POST /runs/act/": Row("train", 302, {"what": "stop", "run": "{run_id}"}),
    "GET /runs/compare/": Row("view", 200, {"runs": "{run_id}"}),
    "GET /runs/new/": Row("here:train"),
    "POST /runs/new/": Row("train", 302, DATASET),
    "POST /runs/new/estimate/": Row("train", body=DATASET),
    "POST /runs/new/recipe/": Row("train", body=DATASET),
    "GET /runs/{run_id}/": Row("view"),
    "GET /runs/{run_id}/evaluation/": Row("view"),
    "GET /runs/{run_id}/head/": Row("view"),
    "GET /runs/{run_id}/checkpoints/": Row("view"),
    "GET /runs/{run_id}/checkpoints/{step}.zip": Row("view"),
    "GET /runs/{run_id}/continue/": Row("train"),
    "POST /runs/{run_id}/continue/": Row("train", 422, {"more": "many"}),
    "GET /runs/{run_id}/continue/estimate/": Row("train"),
    "GET /runs/{run_id}/history": Row("view"),
    "GET /runs/{run_id}/report": Row("view", SEES_ITS_END),
    "GET /runs/{run_id}/log": Row("view"),
    "GET /runs/{run_id}/recipe.toml": Row("view"),
    "GET /runs/{run_id}/rename/": Row("train"),
    "POST /runs/{run_id}/rename/": Row("train", 302, {"name": "b"}),
    "GET /runs/{run_id}/publish/": Row("publish"),
    "POST /runs/{run_id}/publish/": Row("publish", 302, {"name": "m", "checkpoint": "best"}),
    "GET /runs/{run_id}/delete/": Row("delete"),
    "POST /runs/{run_id}/delete/": Row("delete", 302),
    "POST /runs/{run_id}/stop/": Row("train", 302),
    "POST /runs/{run_id}/pause/": Row("train", 302),
    "POST /runs/{run_id}/resume/": Row("train", 302),
    "POST /runs/{run_id}/front/": Row("train", 302),
    "GET /queue/": Row("signed in"),
    "POST /queue/{run_id}/{what}/": Row("train", 302),
    # models
    "GET /models/": Row("here:view"),
    "GET /models/{model_id}/": Row("view"),
    "GET /models/{model_id}/evaluation/": Row("view", SEES_ITS_END),
    "GET /models/{model_id}/download": Row("view"),
    "GET /models/{model_id}/edit/": Row("publish"),
    "POST /models/{model_id}/edit/": Row("publish", 302, {"name": "b"}),
    "GET /models/{model_id}/delete/": Row("delete"),
    "POST /models/{model_id}/delete/": Row("delete", 302),
    "GET /models/{model_id}/versions/{number}/delete/": Row("delete", 409),  # the only one
    "POST /models/{model_id}/versions/{number}/delete/": Row("delete", 409),
    "GET /models/{model_id}/shares/": Row("share"),
    "POST /models/{model_id}/shares/": Row("share", 200, {"ends": "", "shows": "newest"}),
    "POST /models/{model_id}/shares/{share_id}/revoke/": Row("share"),
    "GET /s/{secret}": Row("link"),
    "GET /s/{secret}/": Row("link"),
    "POST /s/{secret}/generate": Row("link", 503, {"prompt": "a"}),  # no inference worker runs in this test
    "POST /s/{secret}/predict": Row("link", 409, {"inputs": ["a"]}),  # a language model writes
    # addresses below /api/ beside REST
    "GET /api/v1/docs": Row("everybody"),
    "GET /api/v1/openapi.json": Row("everybody"),
    "GET /api/v1/": Row("nobody"),
    "GET /api/": Row("nobody"),
}

REST: dict[str, Row] = {
    "GET /api/v1/me": Row("signed in"),
    "POST /api/v1/teams/{team_id}/invitations": Row("manage", 201, {"role": "viewer"}),
    "DELETE /api/v1/invitations/{invitation_id}": Row("manage", 204),
    "POST /api/v1/datasets": Row("upload", 201, {"name": "a", "text": "b", **ON_TEAM}),
    "GET /api/v1/datasets": Row("signed in"),
    "GET /api/v1/datasets/{dataset_id}": Row("view"),
    "PATCH /api/v1/datasets/{dataset_id}": Row("upload", 200, {"name": "b"}),
    "DELETE /api/v1/datasets/{dataset_id}": Row("delete", 204),
    "GET /api/v1/datasets/{dataset_id}/versions": Row("view"),
    "DELETE /api/v1/datasets/{dataset_id}/versions/{number}": Row("delete", 409),  # the only one
    "GET /api/v1/datasets/{dataset_id}/download": Row("view"),
    "POST /api/v1/plan": Row("view", 200, {"dataset_id": "{dataset_id}", "recipe": RECIPE}),
    "POST /api/v1/runs": Row("train", 201, {"dataset_id": "{dataset_id}", "recipe": RECIPE, **ON_TEAM}),
    "GET /api/v1/runs": Row("signed in"),
    "GET /api/v1/runs/{run_id}": Row("view"),
    "DELETE /api/v1/runs/{run_id}": Row("delete", 204),
    "GET /api/v1/runs/{run_id}/events": Row("view"),
    "GET /api/v1/runs/{run_id}/checkpoints": Row("view"),
    "GET /api/v1/runs/{run_id}/checkpoints/{step}/download": Row("view"),
    "GET /api/v1/runs/{run_id}/report": Row("view", SEES_ITS_END),
    "POST /api/v1/runs/{run_id}/stop": Row("train", 202),
    "POST /api/v1/runs/{run_id}/pause": Row("train", 409),  # it has ended
    "POST /api/v1/runs/{run_id}/resume": Row("train", 202),
    "POST /api/v1/runs/{run_id}/front": Row("train", 409),
    "POST /api/v1/models": Row("publish", 201, {"run_id": "{run_id}", "name": "m"}),
    "GET /api/v1/models": Row("signed in"),
    "GET /api/v1/models/{model_id}": Row("view"),
    "PATCH /api/v1/models/{model_id}": Row("publish", 200, {"name": "b"}),
    "DELETE /api/v1/models/{model_id}": Row("delete", 204),
    "DELETE /api/v1/models/{model_id}/versions/{number}": Row("delete", 409),  # the only one
    "GET /api/v1/models/{model_id}/download": Row("view"),
    "GET /api/v1/models/{model_id}/report": Row("view", SEES_ITS_END),
    "POST /api/v1/models/{model_id}/generate": Row("view", 503, {"prompt": "a"}),
    "POST /api/v1/models/{model_id}/predict": Row("view", 409, {"inputs": ["a"]}),
    "GET /api/v1/models/{model_id}/shares": Row("share"),
    "POST /api/v1/models/{model_id}/shares": Row("share", 201, {}),
    "DELETE /api/v1/shares/{share_id}": Row("share", 204),
}

UPLOADS: dict[str, Row] = {
    "POST /api/v1/uploads": Row("upload", 201),
    "HEAD /api/v1/uploads/{upload_id}": Row("view"),
    "GET /api/v1/uploads/{upload_id}": Row("view"),
    "PATCH /api/v1/uploads/{upload_id}": Row("upload", 204),
    "DELETE /api/v1/uploads/{upload_id}": Row("upload", 204),
}

OPEN = 101
SOCKETS: dict[str, Row] = {"WS /ws/runs/{run_id}": Row("view", OPEN), "WS /ws/teams/{team_id}": Row("view", OPEN)}

ROWS = PAGES | REST | UPLOADS | SOCKETS


def expected(route: str, who: str, *, fragment: bool = False) -> int:
    """The status that ``who`` gets; of a socket the code with which it closes, or OPEN.

    ``fragment``: a script asks, which is never led to another page.
    """
    from webapp.teams.roles import may

    row = ROWS[route]
    if row.of and who in row.of:
        return row.of[who]
    signed_in = who in SIGNED_IN
    match row.gate:
        case "everybody":
            return row.ok
        case "nobody":
            return 404
        case "guest":
            return 302 if signed_in else row.ok
        case "link":
            return 404 if who in ("expired link", "nobody") else row.ok
    if not signed_in:
        return _unknown(route, fragment)
    if row.gate == "signed in":
        return row.ok
    if row.gate == "mine":
        return row.ok if who == "owner" else 404
    place, _, right = row.gate.rpartition(":")
    if who == "outsider":
        return row.ok if place else (4404 if route in SOCKETS else 404)
    return row.ok if may(who, right) else 403


def _unknown(route: str, fragment: bool) -> int:
    if route in SOCKETS:
        return 4401
    return 401 if route in REST or route in UPLOADS or fragment else 302


def cell(route: str, who: str) -> str:
    """What the table shows."""
    status = expected(route, who)
    if status == 302 and who in STRANGERS and ROWS[route].gate not in ("guest", "everybody"):
        return "sign in"
    refused = {401, 403, 4401, 4404}
    missing = status == 404 and not (who in MEMBERS and ROWS[route].gate == "view")
    return f"**{status}**" if status in refused or missing else "yes"


def as_markdown() -> str:
    """The table of rights by role, then that of every route."""
    from webapp.teams.roles import RIGHTS, SCOPES, WORDS

    lines = ["| right | " + " | ".join(RIGHTS) + " | a token of scope |", "|---|" + "---|" * (len(RIGHTS) + 1)]
    for right, words in WORDS.items():
        has = ["yes" if right in rights else "" for rights in RIGHTS.values()]
        scopes = "any" if right == "view" else ", ".join(scope for scope, rights in SCOPES.items() if right in rights)
        lines.append(f"| `{right}`: {words.lower()} | " + " | ".join(has) + f" | {scopes} |")
    lines += ["", "| route | gate | " + " | ".join(EVERYBODY) + " |", "|---|---|" + "---|" * len(EVERYBODY)]
    for route, row in ROWS.items():
        lines.append(f"| `{route}` | {row.gate} | " + " | ".join(cell(route, who) for who in EVERYBODY) + " |")
    return "\n".join(lines) + "\n"


BEGIN, END = "<!-- made by: python -m tests.webapp.roles docs/reliability.md -->\n", "<!-- end of the roles -->"


def written_into(text: str) -> str:
    """The document with the table as it is now between its marks."""
    return re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: BEGIN + as_markdown() + END, text, flags=re.DOTALL
    )


if __name__ == "__main__":
    import django
    from django.conf import settings

    if not settings.configured:
        import os

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        django.setup()
    if len(sys.argv) == 1:
        sys.stdout.write(as_markdown())
    for name in sys.argv[1:]:
        document = Path(name)
        document.write_text(written_into(document.read_text()))
