# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A small real service on the hub's socket, in place of the hub: it asks for the word that the item names, and keeps
what it is told. What the real one does is tested over the whole box (``tests/system/test_speech.py``)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from waitress.server import create_server

from tests.rigs import wsgi

WRONG = "forged"
"""A token that is refused."""


class HubStandIn:
    """What it was told, and what is wrong with it."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.cookies: set[str] = set()
        self.turns = 0
        self.keeps = True
        """False: it fails when it has to keep something."""

    def app(self) -> Flask:
        """The application."""
        app = Flask("hub_stand_in")
        app.add_url_rule("/api/oral/turn", view_func=self._turn, methods=["POST"])
        app.add_url_rule("/api/oral/attempts", view_func=self._attempts, methods=["POST"])
        app.add_url_rule("/api/who", view_func=self._who)
        return app

    def _heard(self) -> dict[str, Any]:
        assert request.headers["X-Cartable-Origin"] == "local"
        self.cookies.add(request.headers.get("Cookie", ""))
        told: dict[str, Any] = request.get_json()
        return told

    def _turn(self) -> ResponseReturnValue:
        told = self._heard()
        if told["token"] == WRONG:
            return jsonify(error="Ce n’est pas ta leçon."), 403
        self.turns += 1
        asked = {"text": told["item"], "focus": ["th/t"], "items": ["one"], "pronunciations": {"zoe": "Z OW IY"}}
        return jsonify(asked=asked, language="fr")

    def _attempts(self) -> ResponseReturnValue:
        told = self._heard()
        if not self.keeps:
            return jsonify(error="Le disque est plein."), 507
        self.kept.append(told)
        outcome = told["verdict"]["outcome"]
        return jsonify(kept=outcome in ("bravo", "presque", "encore"), page=f"/oral/x/0?v={outcome}", say=[])

    def _who(self) -> ResponseReturnValue:
        teacher = request.headers.get("Cookie") == "cartable=teacher"
        return jsonify(teacher=teacher, pupil=not teacher, language="fr", lesson="l.1")


@contextlib.contextmanager
def hub_stand_in(socket: Path) -> Iterator[HubStandIn]:
    """On ``socket`` while the block runs."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    hub = HubStandIn()
    server = create_server(hub.app(), unix_socket=str(socket), threads=4)
    try:
        with wsgi.running(server):
            yield hub
    finally:
        socket.unlink(missing_ok=True)
