# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How a word reaches the box's data: through the hub when one runs, else in this process, under the hub's own lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from appliance import box
from appliance.client import Client, refusal
from appliance.config import Config
from appliance.errors import BadInput, Busy, CartableError, Conflict, NotFound, Unreachable
from appliance.store import durable

PATIENCE_S = 600.0
"""How long to wait for another command that holds the state folder."""
POLL_S = 0.1

A = TypeVar("A")


@contextlib.contextmanager
def opened(
    config: Config,
    answers: Callable[[], bool],
    remote: A,
    local: Callable[[], contextlib.AbstractContextManager[A]],
    waiting: Callable[[], None],
    patience_s: float = PATIENCE_S,
    *,
    makes: bool = False,
) -> Iterator[A]:
    """``remote`` when ``answers()`` says that a hub runs, else ``local()`` with the lock held.

    ``waiting`` is called once if another command must end first; after ``patience_s``: :class:`Busy`. Unless the word
    ``makes`` a box, :class:`NotFound` for a folder that holds none: nothing is created there.
    """
    deadline, told = time.monotonic() + patience_s, False
    while not answers():
        if not makes:
            _must_hold_a_box(config)
        with contextlib.ExitStack() as stack:
            try:
                with durable.disk_errors(config.box.state):
                    stack.enter_context(box.hub_lock(config))
            except Conflict as error:
                if time.monotonic() > deadline:
                    raise Busy("Another command is using the box: try again when it has ended.") from error
                if not told:
                    told = True
                    waiting()
                time.sleep(POLL_S)
                continue
            yield stack.enter_context(local())
            return
    yield remote


def _must_hold_a_box(config: Config) -> None:
    with durable.disk_errors(config.box.state):
        there = config.database.exists()
    if not there:
        raise NotFound("There is no box in %(folder)s: name its folder with --state, before the other words.",
                       folder=config.box.state)  # fmt: skip


class Api:
    """The part of the running hub's API below ``prefix``."""

    def __init__(self, config: Config, prefix: str) -> None:
        self.client = Client(config.hub_socket)
        self.prefix = prefix

    def ask(
        self, method: str, path: str, json: object = None, *, body: bytes | None = None, timeout: float = 60.0
    ) -> Any:
        """What the hub answers, as plain data; its refusals as :class:`BadInput`, in the reader's language already.

        Raises :class:`Unreachable` when no hub answers.
        """
        answer = self.client.request(method, self.prefix + path, json, body=body, timeout=timeout)
        if answer.status < 400:
            return answer.json() if answer.body else None
        raise BadInput(sentence(answer.status, answer.body))

    @contextlib.contextmanager
    def lines(self, path: str, *, timeout: float = 600.0) -> Iterator[Iterator[bytes]]:
        """The lines of a long answer as they come; refusals and a missing hub as :meth:`ask` tells them."""
        with self.client.lines(self.prefix + path, timeout=timeout) as (status, found):
            if status >= 400:
                raise BadInput(sentence(status, b"".join(found)))
            yield found

    def answers(self, path: str) -> bool:
        """Whether a hub is there. A hub that refuses us is there too: the word itself then says why."""
        try:
            self.ask("GET", path)
        except Unreachable:
            return False
        except CartableError:
            return True
        return True


def sentence(status: int, body: bytes) -> str:
    """The sentence for people in an error of the API."""
    return refusal(body) or f"HTTP {status}"
