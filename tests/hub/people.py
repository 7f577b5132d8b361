# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Members of the staff for tests: accounts made in the store, sessions as the sign-in leaves them."""

from __future__ import annotations

import secrets

from flask.testing import FlaskClient

from appliance import sealing
from appliance.hub.roles import KEY_SHOWN, Role
from appliance.store import settings, staff, vault
from tests.hub.site import Site

WORDS = "agrafe soleil tortue radis"
AT = "2026-11-02T08:00:00.000000Z"


def account(site: Site, role: str = staff.TEACHER, words: str = WORDS, *, classes: tuple[str, ...] = (), name: str = ""
            ) -> staff.Opened:  # fmt: skip
    """An account, which makes the keys of ``classes``."""
    with site.hub.db.writing() as conn:
        made = staff.add(conn, role, name, words, at=AT)
        for group in classes:
            vault.put_class_keys(conn, group, {made.staff.id: made.staff.public})
    return made


def recovery(site: Site) -> sealing.Pair:
    """A printed key."""
    pair = sealing.pair()
    settings.put(site.hub.db, vault.RECOVERY_SETTING, pair.public.hex())
    return pair


def seat(site: Site, browser: FlaskClient, role: Role, identity: str = "", pair: sealing.Pair | None = None) -> str:
    """Sign ``browser`` in without its pages; returns the session's name."""
    name, now = secrets.token_hex(6), site.hub.clock.now()
    key = pair.public.hex()[:KEY_SHOWN] if pair else ""
    with browser.session_transaction() as session:
        session["csrf"] = "token"
        session["staff"] = [identity, str(role), now.boot, now.monotonic + 3600, name, key]
    site.hub.live.begin(name, identity, now.monotonic + 3600, now.monotonic)
    if pair:
        site.hub.vaults.enter(identity, pair.private, name)
    return name
