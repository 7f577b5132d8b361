# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A tablet without a browser that asks what goes on as ``lesson.js`` does."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
import urllib.parse

from tests.rigs.box import Box

EVERY_S = 1.2


class Polling:
    """In as a pupil; :meth:`run` asks until it was sent to the grid, or :attr:`stop`."""

    def __init__(self, box: Box, pupil: str) -> None:
        self._box = box
        self._cookie = ""
        self._tag = ""
        self.polls = 0
        self.on_grid = 0.0
        """Monotonic seconds at which the grid was there; 0: not yet."""
        self.stop = threading.Event()
        page = self._ask("GET", f"/qui/{pupil}")
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found
        self._ask("POST", f"/qui/{pupil}", urllib.parse.urlencode({"csrf": found[1]}))
        told = json.loads(self._ask("GET", "/api/lesson/now"))
        self._key, self._you = told["lesson"], told["you"]
        assert self._you

    def run(self) -> None:
        """One thread's work."""
        self.stop.wait(random.uniform(0, EVERY_S))
        while not self.stop.is_set():
            text = self._ask("GET", "/api/lesson/now?w=0&p=/etagere")
            self.polls += 1
            if text and json.loads(text)["lesson"] != self._key:
                assert "Pose la tablette" in self._ask("GET", "/qui")
                self.on_grid = time.monotonic()
                return
            self.stop.wait(EVERY_S)

    def _ask(self, method: str, path: str, form: str | None = None) -> str:
        """The body; empty for 304."""
        connection = http.client.HTTPConnection("127.0.0.1", self._box.port, timeout=20)
        try:
            headers = {"Cookie": self._cookie} if self._cookie else {}
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            if self._tag and path.startswith("/api/lesson/now"):
                headers["If-None-Match"] = self._tag
            connection.request(method, path, form, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status in (200, 303, 304), (answer.status, text[:300])
            self._cookie = (answer.headers["Set-Cookie"] or self._cookie).partition(";")[0]
            self._tag = answer.headers["ETag"] or self._tag
            return text
        finally:
            connection.close()
