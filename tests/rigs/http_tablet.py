# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A tablet without a browser: comes in as a pupil, reads the exercise, sends answers as the page's script does."""

from __future__ import annotations

import dataclasses
import html
import http.client
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.rigs.box import Box


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question of the exercise page."""

    id: str
    choices: tuple[str, ...]


class Tablet:
    """One pupil's tablet, with its own cookies."""

    def __init__(self, box: Box, pupil: str) -> None:
        self._box = box
        self.pupil = pupil
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.token = ""
        self.questions: tuple[Asked, ...] = ()

    def get(self, path: str) -> str:
        """The text of a page."""
        with self._opener.open(self._box.base + path, timeout=20) as answer:
            return str(answer.read().decode())

    def come_in(self, activity: str) -> None:
        """Become the pupil and read the exercise."""
        page = self.get(f"/qui/{self.pupil}")
        csrf = _value(page, "csrf")
        form = urllib.parse.urlencode({"csrf": csrf}).encode()
        self._opener.open(f"{self._box.base}/qui/{self.pupil}", form, timeout=20).close()
        page = self.get(f"/exercice/{activity}")
        self.token = _value(page, "token")
        self.questions = tuple(
            Asked(_value(part, "question"), tuple(re.findall(r'name="choice" value="([^"]+)"', part)))
            for part in page.split('<form class="question')[1:]
        )
        assert self.token
        assert self.questions

    def send(self, items: object, *, body: bytes | None = None, kind: str = "application/json") -> tuple[int, Any]:
        """POST answers; (status, JSON or text). Raises OSError when no answer comes back."""
        data = json.dumps(items).encode() if body is None else body
        return post(self._box, data, kind)


def post(box: Box, data: bytes, kind: str = "application/json") -> tuple[int, Any]:
    """One POST of ``data`` to the endpoint of answers. Raises OSError when no whole answer comes back."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)
    try:
        connection.request("POST", "/api/answers", data, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode(errors="replace")
    except http.client.HTTPException as error:
        raise ConnectionError(repr(error)) from error
    finally:
        connection.close()


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return html.unescape(found[1])
