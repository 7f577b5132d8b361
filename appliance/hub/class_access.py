# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who may see and change a class, and who will hold its keys."""

from __future__ import annotations

from appliance.hub import roles
from appliance.hub.context import hub
from appliance.hub.roles import Role
from appliance.store import staff

teaching = roles.allowed(*roles.TEACHING)
"""Teachers, and whoever read the code of a box without one."""
of_class = roles.allowed(*roles.TEACHING, of="group_id")
"""The class's own teachers only; ``group_id`` is an argument of the view."""
may_use = roles.may_read
note = roles.note


def holders() -> dict[str, bytes]:
    """Who will open a class made now: id -> public key; nobody while whoever asks has no account."""
    who = roles.person()
    return {who.id: staff.get(hub().db.reading(), who.id).public} if who.role is Role.TEACHER else {}
