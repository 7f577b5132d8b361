# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Learning records from a terminal: through the hub when one runs, else opened here, under the hub's own lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from appliance import box
from appliance.config import ADDRESS, Config
from appliance.errors import BadInput
from appliance.hub.records_office import Office, report_json
from appliance.i18n import translator
from appliance.ports import Progress
from appliance.words import access
from appliance.words.access import POLL_S, Api

ERASE_LIMIT_S = 3600.0
TAKE_LIMIT_S = 600.0


class Access(Protocol):
    """What the words need. Everything is the JSON of ``/api/records``; errors are :class:`CartableError`."""

    def about(self) -> Mapping[str, Any]:
        """``{"statements": how many}``."""

    def keys(self) -> Sequence[Mapping[str, Any]]:
        """Revoked ones included."""

    def add_key(self, name: str, scopes: Sequence[str]) -> Mapping[str, Any]:
        """``{"id", "secret"}``: the only time that the secret is told."""

    def revoke_key(self, key: str) -> Mapping[str, Any]:
        """By name or id; the key."""

    def export(self) -> contextlib.AbstractContextManager[Iterator[bytes]]:
        """The lines of an export, as they are made."""

    def take(self, header: bytes, lines: Sequence[bytes], first: int) -> Mapping[str, Any]:
        """Take in lines of an export, ``first`` being the number of the first; what became of them."""

    def rebuild(self, progress: Progress) -> None:
        """Blocks."""

    def look_up(self, who: str) -> Mapping[str, Any]:
        """Whom ``who`` means, and what an erasure would take away."""

    def erase(self, who: str, final: bool) -> Mapping[str, Any]:
        """What was taken away."""

    def erased(self) -> Sequence[Mapping[str, Any]]:
        """The tombstones."""

    def unfinished(self) -> int | None:
        """None: no byte of what was erased is left. Else how many MB must be free to overwrite the last of them."""

    def quarantine(self) -> Sequence[Mapping[str, Any]]:
        """The statements set aside."""

    def set_aside(self, number: int) -> Mapping[str, Any]:
        """One of them, with its text and that of the statement that the box keeps."""

    def drop(self, number: int) -> None:
        """Forget one of them, once its bytes are gone too."""

    def served(self) -> str | None:
        """The address that the running box shows to tablets; None when no box runs, or it shows none."""


def opened(
    config: Config, waiting: Callable[[], None], *, makes: bool = False
) -> contextlib.AbstractContextManager[Access]:
    """Whichever way is open; see :func:`appliance.words.access.opened`."""
    api = Api(config, "/api/records")
    remote: Access = Remote(api, config.box.run)
    return access.opened(config, lambda: api.answers(""), remote, lambda: _local(config), waiting, makes=makes)


@contextlib.contextmanager
def _local(config: Config) -> Iterator[Access]:
    with box.records(config) as records:
        yield Local(Office(records), config)


class Local:
    """No hub runs: its records, in this process."""

    def __init__(self, office: Office, config: Config) -> None:
        self._gettext = translator(config.box.language)
        self._office = office
        self.about = office.about
        self.keys = office.keys
        self.add_key = office.add_key
        self.revoke_key = office.revoke_key
        self.look_up = office.look_up
        self.erase = office.erase
        self.erased = office.erased
        self.unfinished = office.unfinished
        self.quarantine = office.quarantine
        self.set_aside = office.set_aside
        self.drop = office.drop
        self.rebuild = office.rebuild

    def export(self) -> contextlib.AbstractContextManager[Iterator[bytes]]:
        """See :class:`Access`; so below."""
        return contextlib.closing(self._office.export())

    def take(self, header: bytes, lines: Sequence[bytes], first: int) -> Mapping[str, Any]:
        """At once."""
        return report_json(self._office.take(header, lines, first), self._gettext)

    def served(self) -> str | None:
        """Nothing runs."""
        return None


class Remote:
    """The running hub, over its socket."""

    def __init__(self, api: Api, run: Path) -> None:
        self._ask = api.ask
        self._api = api
        self._run = run

    def about(self) -> Mapping[str, Any]:
        """See :class:`Access`; so below."""
        found: Mapping[str, Any] = self._ask("GET", "")
        return found

    def keys(self) -> Sequence[Mapping[str, Any]]:
        """Revoked ones included."""
        found: Sequence[Mapping[str, Any]] = self._ask("GET", "/keys")["keys"]
        return found

    def add_key(self, name: str, scopes: Sequence[str]) -> Mapping[str, Any]:
        """The secret passes over the socket, once."""
        made: Mapping[str, Any] = self._ask("POST", "/keys", {"name": name, "scopes": list(scopes)})
        return made

    def revoke_key(self, key: str) -> Mapping[str, Any]:
        """At once."""
        revoked: Mapping[str, Any] = self._ask("POST", "/keys/revoke", {"key": key})
        return revoked

    @contextlib.contextmanager
    def export(self) -> Iterator[Iterator[bytes]]:
        """The hub makes a line when it is asked for."""
        with self._api.lines("/export") as found:
            yield found

    def take(self, header: bytes, lines: Sequence[bytes], first: int) -> Mapping[str, Any]:
        """A few hundred lines for each request."""
        body = b"".join([header, *lines])
        done: Mapping[str, Any] = self._ask("POST", f"/import?first={first}", body=body, timeout=TAKE_LIMIT_S)
        return done

    def rebuild(self, progress: Progress) -> None:
        """Follows the hub's own."""
        state = self._ask("POST", "/rebuild", {})
        while not state["over"]:
            progress(float(state["progress"]), "")
            time.sleep(POLL_S)
            state = self._ask("GET", "/rebuild")
        if state["error"]:
            raise BadInput(str(state["error"]))
        progress(1.0, "")

    def look_up(self, who: str) -> Mapping[str, Any]:
        """Nothing is changed."""
        found: Mapping[str, Any] = self._ask("POST", "/erasures/preview", {"who": who})
        return found

    def erase(self, who: str, final: bool) -> Mapping[str, Any]:
        """Blocks."""
        done: Mapping[str, Any] = self._ask("POST", "/erasures", {"who": who, "final": final}, timeout=ERASE_LIMIT_S)
        return done

    def erased(self) -> Sequence[Mapping[str, Any]]:
        """The tombstones."""
        found: Sequence[Mapping[str, Any]] = self._ask("GET", "/erasures")["tombstones"]
        return found

    def unfinished(self) -> int | None:
        """See :class:`Access`."""
        found: int | None = self._ask("GET", "/erasures")["unfinished"]
        return found

    def quarantine(self) -> Sequence[Mapping[str, Any]]:
        """The statements set aside."""
        found: Sequence[Mapping[str, Any]] = self._ask("GET", "/quarantine")["statements"]
        return found

    def set_aside(self, number: int) -> Mapping[str, Any]:
        """One of them, with its text and that of the statement that the box keeps."""
        found: Mapping[str, Any] = self._ask("GET", f"/quarantine/{number}")
        return found

    def drop(self, number: int) -> None:
        """Blocks."""
        self._ask("DELETE", f"/quarantine/{number}", timeout=ERASE_LIMIT_S)

    def served(self) -> str | None:
        """What ``cartable dev`` or the hub behind nginx wrote."""
        try:
            return (self._run / ADDRESS).read_text(encoding="utf-8").strip() or None
        except OSError:
            return None
