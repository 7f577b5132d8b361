# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Kolibri's class in its password-less mode: learners made by its own API, who then sign in as their tablets do."""

from __future__ import annotations

import http.client
import http.cookies
import json
from typing import Any

SESSION = "/api/auth/session/"


class Browser:
    """One browser: its cookies, its CSRF token."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}

    def open_page(self) -> None:
        """The sign-in page, which hands out the token."""
        self._connection.request("GET", "/fr-fr/auth/")
        self._take(self._connection.getresponse())

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """One request; RuntimeError unless the answer is a success."""
        headers = {
            "Accept": "application/json", "Content-Type": "application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-CSRFToken": self._cookies.get("kolibri_csrftoken", ""),
        }  # fmt: skip
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = self._take(answer)
        if answer.status >= 400:
            raise RuntimeError(f"Kolibri answered {answer.status} for {method} {path}: {text[:300]!r}")
        return json.loads(text) if text else None

    def _take(self, answer: http.client.HTTPResponse) -> bytes:
        for line in answer.headers.get_all("Set-Cookie") or ():
            self._cookies.update({m.key: m.value for m in http.cookies.SimpleCookie(line).values()})
        return answer.read()

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def learners(port: int, count: int, password: str = "cartable") -> tuple[str, list[str]]:
    """Make a password-less class as the superuser of the provisioned device; (facility, user names)."""
    admin = Browser(port)
    facility = admin.json("GET", "/api/auth/facility/")[0]
    admin.open_page()
    admin.json("POST", SESSION, {"username": "enseignant", "password": password, "facility": facility["id"]})
    dataset = admin.json("GET", "/api/auth/facilitydataset/")[0]
    admin.json(
        "PATCH", f"/api/auth/facilitydataset/{dataset['id']}/",
        {"learner_can_login_with_no_password": True, "learner_can_edit_password": False},
    )  # fmt: skip
    names = [f"eleve{n}" for n in range(count)]
    for name in names:
        user = {"username": name, "full_name": name, "password": "NOT_SPECIFIED", "facility": facility["id"]}
        admin.json("POST", "/api/auth/facilityuser/", user)
    admin.close()
    return str(facility["id"]), names


def sign_in(tablet: Browser, facility: str, name: str) -> None:
    """A tablet whose page is open signs in with the name alone."""
    told = tablet.json("POST", SESSION, {"username": name, "facility": facility})
    if told["username"] != name:
        raise RuntimeError(f"Kolibri signed in {told['username']} for {name}")
