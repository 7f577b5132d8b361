# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Uploads over a slow Wi-Fi never take every thread: pages go on, one file too many is told to wait."""

from __future__ import annotations

import contextlib
import io
import threading

from tests.hub.site import Site, bundle, until

ADD = "/enseignant/bibliotheque/ajouter"
HEAD = b'--b\r\nContent-Disposition: form-data; name="files"; filename="eau.zip"\r\n\r\n'


class Slow(io.RawIOBase):
    """A sender that goes on only when it is let go."""

    def __init__(self, go: threading.Event) -> None:
        self.go, self.asked, self.rest = go, threading.Event(), HEAD + bundle() + b"\r\n--b--\r\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.asked.set()
        assert self.go.wait(30)
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def send(site: Site, address: str, body: Slow, told: list[int]) -> None:
    environ = {
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
        "CONTENT_LENGTH": str(len(body.rest)),
        "wsgi.input": body,
    }
    browser, cookie = site.new_browser(), site.browser.get_cookie("cartable")
    assert cookie
    browser.set_cookie("cartable", cookie.value)
    answer = browser.post(address, environ_overrides=environ)
    told.append(answer.status_code)


def test_one_upload_too_many_waits(site: Site) -> None:
    site.sign_in()
    address = f"{ADD}?csrf={site.token(ADD)}"
    go, told = threading.Event(), list[int]()
    slow = [Slow(go) for _ in range(max(1, site.hub.config.hub.threads - 2))]
    senders = [threading.Thread(target=send, args=(site, address, body, told)) for body in slow]
    with contextlib.ExitStack() as stack:
        for sender in senders:
            sender.start()
            stack.callback(sender.join)
        stack.callback(go.set)  # first to run
        until(lambda: all(body.asked.is_set() for body in slow))
        refused = site.upload(("eau.zip", bundle()))
        assert refused.status_code == 503
        assert "D’autres fichiers sont en route" in refused.text
        assert refused.headers.get("Location") is None
    assert told == [303] * len(slow)
    assert site.upload(("eau.zip", bundle())).status_code == 303
    site.settle()
    assert site.only(filename="eau.zip")
