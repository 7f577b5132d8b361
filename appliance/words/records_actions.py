# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``cartable records`` does, whichever way the records are reached."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance import records_outbox
from appliance.config import Config
from appliance.errors import BadInput, Refused
from appliance.i18n import N_
from appliance.store import record_exports
from appliance.words.records_access import Access
from appliance.words.records_endpoint import endpoint
from appliance.words.records_import import Taking
from appliance.words.terminal import Meter


class Actions:
    """One method for each action; each returns the exit code."""

    def __init__(self, args: argparse.Namespace, config: Config, meter: Meter) -> None:
        self._args = args
        self._config = config
        self._meter = meter

    def run(self, access: Access) -> int:
        """The action that was typed."""
        inner = getattr(self._args, f"{self._args.action}_action", None)
        name = f"{self._args.action}_{inner}" if inner else self._args.action
        actions = {
            "key_add": self._key_add, "key_list": self._key_list, "key_revoke": self._key_revoke,
            "export": self._export, "import": self._import, "rebuild": self._rebuild, "erase": self._erase,
            "erased": self._erased, "quarantine": self._quarantine, "quarantine_show": self._quarantine_show,
            "quarantine_drop": self._quarantine_drop,
        }  # fmt: skip
        return actions[name](access)

    def _say(self, message: str, **params: object) -> None:
        """A sentence, beside the output proper."""
        self._meter.clear()
        text = self._meter.gettext(message)
        print(text % params if params else text, file=sys.stderr, flush=True)

    def _count(self, text: str, count: int, **params: object) -> None:
        """A sentence that ``ngettext`` has already put into its language and number."""
        self._meter.clear()
        print(text % {"count": count, **params}, file=sys.stderr, flush=True)

    def _key_add(self, access: Access) -> int:
        if not self._args.name.strip():
            raise BadInput("Name the tool that the key is for, for instance: cartable records key add Moodle")
        made = access.add_key(self._args.name, self._args.scope)
        basic = base64.b64encode(f"{made['id']}:{made['secret']}".encode()).decode()
        self._say(N_("Copy this now: the secret is shown once and kept nowhere."))
        _ = self._meter.gettext
        where = endpoint(self._config, access.served())
        labelled = {_("endpoint"): where, _("key"): made["id"], _("secret"): made["secret"]}
        width = max(map(len, labelled))
        for label, value in labelled.items():
            print(f"{label:<{width}}  {value}")
        print(f"Authorization: Basic {basic}")
        return 0

    def _key_list(self, access: Access) -> int:
        found = access.keys()
        if not found:
            self._say(N_("There is no key: make one with cartable records key add NAME."))
        word = self._meter.gettext(N_("revoked"))
        for key in found:
            revoked = f"  [{word} {key['revoked_at']}]" if key["revoked_at"] else ""
            print(f"{key['id']}  {key['created_at']}  {key['name']}  ({', '.join(key['scopes'])}){revoked}")
        return 0

    def _key_revoke(self, access: Access) -> int:
        key = access.revoke_key(self._args.key)
        self._say(N_("The key %(name)s is refused from now on."), name=key["name"])
        return 0

    def _export(self, access: Access) -> int:
        total = int(access.about()["statements"])
        with access.export() as lines:
            if self._args.file == "-":
                return _print(lines)
            path = Path(self._args.file)
            if path.resolve().is_relative_to(self._config.box.state.resolve()):
                raise BadInput(
                    "%(path)s is in the box's own folder, where an erasure must find nothing: choose another place.",
                    path=path,
                )
            self._meter.what = path.name
            record_exports.write_file(path, self._counted(lines, total))
        said = self._meter.ngettext(
            "%(count)s statement is in %(path)s. What is erased from now on stays in that file: it is yours to delete.",
            "%(count)s statements are in %(path)s. What is erased from now on stays in that file: it is yours to "
            "delete.",
            total,
        )
        self._count(said, total, path=path)
        return 0

    def _counted(self, lines: Iterator[bytes], total: int) -> Iterator[bytes]:
        """Attachments and documents follow the statements: until the last line some of it is left to do."""
        step = max(1, total // 100)
        for number, line in enumerate(lines):
            if number % step == 0:
                self._meter.progress(min(0.99, number / (total + 1)), "")
            yield line
        self._meter.progress(1.0, "")

    def _import(self, access: Access) -> int:
        taking = Taking(access, self._meter)
        taking.take(self._args.file)
        self._meter.clear()
        return taking.tell()

    def _rebuild(self, access: Access) -> int:
        self._meter.what = self._meter.gettext(N_("Search index, progress and counts"))
        access.rebuild(self._meter.progress)
        self._meter.clear()
        count = int(access.about()["statements"])
        said = self._meter.ngettext("Everything was made again from %(count)s statement.",
                                    "Everything was made again from %(count)s statements.", count)  # fmt: skip
        self._count(said, count)
        return 0

    def _erase(self, access: Access) -> int:
        found = access.look_up(self._args.who)
        self._tell(found)
        if not self._args.yes and not self._confirmed():
            raise Refused("Nothing was erased.")
        done = access.erase(self._args.who, not self._args.stays)
        self._say(N_("Erased: %(statements)s, %(documents)s."), **self._counted_in_words(done))
        self._say(N_("Exports and backups made before still hold them: delete these files too."))
        self._tell_outboxes()
        return 0

    def _tell_outboxes(self) -> None:
        """The hub does not write in the folders of other services."""
        folders = records_outbox.holding(self._config.box.state)
        if folders:
            self._say(N_("Other services of the box may still hold statements of theirs in: %(folders)s. What waits "
                         "there goes once it is delivered; what was refused or damaged goes after %(days)s days: "
                         "delete those files to be rid of them now."),
                      folders=", ".join(map(str, folders)), days=int(records_outbox.KEPT_S // 86400))  # fmt: skip

    def _tell(self, found: Mapping[str, Any]) -> None:
        """Before the question: whom, and what."""
        self._say(N_("%(who)s: %(statements)s and %(documents)s will be erased for good."),
                  who=found["who"], **self._counted_in_words(found))  # fmt: skip
        if found["shared"]:
            said = self._meter.ngettext(
                "%(count)s of these statements was made by others, or together with others (a group at one tablet): "
                "the others lose it too.",
                "%(count)s of these statements were made by others, or together with others (a group at one tablet): "
                "the others lose them too.",
                found["shared"],
            )
            self._count(said, found["shared"])
        if found.get("sealed"):  # a hub of the previous release does not say
            self._say(N_("What the class's vault holds of them goes too: %(sealed)s sealed."), sealed=found["sealed"])
        if self._args.stays:
            self._say(N_("The pupil stays in the class and begins anew."))
        elif found["pupil"]:
            self._say(N_("The pupil leaves the class list."))
        if not self._args.stays:
            self._say(N_("Nothing more of them will be kept."))

    def _counted_in_words(self, found: Mapping[str, Any]) -> dict[str, str]:
        """``6 statements`` and ``2 documents``."""
        ngettext = self._meter.ngettext
        statements = ngettext("%(count)s statement", "%(count)s statements", found["statements"])
        documents = ngettext("%(count)s document", "%(count)s documents", found["documents"])
        return {
            "statements": statements % {"count": found["statements"]},
            "documents": documents % {"count": found["documents"]},
        }

    def _confirmed(self) -> bool:
        word = self._meter.gettext(N_("yes"))
        self._say(N_("Type %(word)s to erase:"), word=word)
        return sys.stdin.readline().strip().casefold() in {word, "yes"}

    def _erased(self, access: Access) -> int:
        found = access.erased()
        if not found:
            self._say(N_("Nothing was ever erased."))
        for tombstone in found:
            final = self._meter.gettext(N_("for good")) if tombstone["final"] else f"<= {tombstone['sequence']}"
            origin = tombstone["origin"] or "*"
            print(f"{tombstone['at']}  {tombstone['actor'][:16]}  {origin}  {final}")
        self._tell_unfinished(access)
        return 0

    def _tell_unfinished(self, access: Access) -> None:
        """Old bytes that could not be overwritten yet."""
        needed = access.unfinished()
        if needed is not None:
            self._say(N_("Remains of what was erased may still be inside the database file. They are overwritten at "
                         "the next start or erasure when %(needed)s MB are free."), needed=needed)  # fmt: skip

    def _quarantine(self, access: Access) -> int:
        found = access.quarantine()
        if not found:
            self._say(N_("No statement is set aside."))
        for row in found:
            print(f"{row['id']}  {row['at']}  {row['statement']}  {row['origin']}/{row['sequence']}  "
                  f"{self._meter.gettext(row['reason'])}")  # fmt: skip
        return 0

    def _quarantine_show(self, access: Access) -> int:
        """Two blocks of JSON, each after a line that says which it is."""
        found = access.set_aside(self._args.id)
        _ = self._meter.gettext
        print(f"{found['at']}  {found['origin']}/{found['sequence']}  {_(found['reason'])}")
        print(_(N_("Set aside:")))
        print(_indented(found["body"]))
        print(_(N_("Kept by this box:")))
        print(_(N_("nothing: it was erased")) if found["kept"] is None else _indented(found["kept"]))
        return 0

    def _quarantine_drop(self, access: Access) -> int:
        access.drop(self._args.id)
        self._say(N_("Forgotten. The statement that the box keeps is as it was."))
        return 0


def _indented(body: str) -> str:
    """For people to compare; a text that is no JSON as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body


def _print(lines: Iterator[bytes]) -> int:
    """To standard output; 1 when the reader leaves, or when the end did not come."""
    last = b""
    try:
        for last in lines:
            sys.stdout.buffer.write(last)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still in the buffer goes nowhere: the interpreter would try once more, and leave with 120.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return 1
    if not last.startswith(b'{"end":'):
        raise BadInput("The export stopped before its end: try again.")
    return 0
