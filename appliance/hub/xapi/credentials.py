# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who asks, and what that one may do (4.0): a key, the scripts of a resource opened in a lesson, the box itself.

HTTP Basic (RFC 7617). A key is a user name and a password made by ``cartable records key add``; the user ``launch``
has a launch token for a password; a process of the box needs nothing, the socket's permissions vouch for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.errors import Refused, Unauthenticated
from appliance.hub.launch import USER, Launch, check
from appliance.store.record_keys import Keys
from appliance.xapi import identifiers, terms

WRITE = ("all", "statements/write")
READ = ("all", "all/read", "statements/read")
READ_MINE = "statements/read/mine"
DEFINE = ("all", "define")

LONGEST = 4096
"""Characters of an Authorization header; a longer one is nobody's."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    name: str
    """A key's id, ``launch`` or ``local``."""
    scopes: tuple[str, ...]
    """Of 4.2; empty for launched scripts, whose rights are none of these."""
    authority: Mapping[str, Any]
    """What the store writes as the authority of statements from here (part 2, 2.4.9)."""
    trusted: bool = False
    """The box itself: an authority that it sends is kept."""
    launch: Launch | None = None

    def may(self, *scopes: str) -> bool:
        """Whether one of ``scopes`` was granted."""
        return any(scope in self.scopes for scope in scopes)

    def must(self, *scopes: str) -> None:
        """Raises :class:`Refused` (403) unless one of ``scopes`` was granted."""
        if not self.may(*scopes):
            raise Refused("These credentials do not allow this: it takes one of the scopes %(scopes)s.",
                          scopes=", ".join(scopes))  # fmt: skip

    @property
    def running(self) -> Launch | None:
        """The launch, while its lesson goes on. Raises :class:`Refused` afterwards: then nothing is read or kept."""
        if self.launch is not None and not self.launch.running:
            raise Refused("The lesson is over: what was done still arrives, but nothing is shown any more.")
        return self.launch

    @property
    def actor(self) -> str | None:
        """The one agent that launched scripts may speak of, as a term; None: any."""
        return None if self.launch is None else terms.agent_value(self.launch.actor)


def caller(authorization: str | None, origin: str | None, keys: Keys, box: str) -> Caller:
    """Who sends ``authorization``; ``origin`` is what nginx, the edge or a local client says.

    Raises :class:`Unauthenticated` (401), :class:`Refused` for a launch token that is none.
    """
    if authorization is None:
        if origin != "local":
            raise Unauthenticated("Send credentials (HTTP Basic): the technician makes them on the box.")
        return Caller("local", ("all",), identifiers.own_authority(box), trusted=True)
    user, password = _basic(authorization)
    if user == USER:
        return Caller(user, (), _authority(box, user), launch=_launch(password))
    key = keys.check(user, password)
    if key is None:
        raise Unauthenticated("These credentials are wrong, or were revoked.")
    return Caller(key.id, key.scopes, _authority(box, key.id))


def _launch(token: str) -> Launch:
    try:
        return check(token)
    except Refused as error:
        raise Unauthenticated(error.message, **error.params) from error


def _authority(box: str, name: str) -> Mapping[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": identifiers.base(box), "name": name}}


def _basic(authorization: str) -> tuple[str, str]:
    """User name and password (RFC 7617, section 2, in UTF-8)."""
    scheme, _, encoded = authorization[:LONGEST].partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        user, colon, password = "", "", ""
    if scheme.lower() != "basic" or not colon or len(authorization) > LONGEST:
        raise Unauthenticated("Send the credentials as HTTP Basic: user name, colon, password, in base64.")
    return user, password
