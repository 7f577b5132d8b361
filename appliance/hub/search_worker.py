# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The processes behind :class:`appliance.hub.search.Search`: one that searches, short-lived ones that write.

``python -m appliance.hub.search_worker search|index FOLDER LIMIT_S FD``; how they talk: :mod:`appliance.child`. Imports
stay few: each megabyte here is a megabyte of the box.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import socket
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance import errors
from appliance.child import Answer, serve
from appliance.model import Card, Resource, ResourceState, Section

NICENESS = {"search": 5, "index": 10}
_CARD_FIELDS = ("title", "description", "language", "levels", "subject", "author")


def packed(resource: Resource) -> dict[str, Any]:
    """What the index needs of a resource, as JSON."""
    card = {name: getattr(resource.card, name) for name in _CARD_FIELDS}
    return {"id": resource.id, "format": resource.format, "blob": resource.blob, "card": card}


def unpacked(data: dict[str, Any]) -> Resource:
    """The resource of :func:`packed`; what it does not carry is empty."""
    card = Card(**{**data["card"], "levels": tuple(data["card"]["levels"])})
    return Resource(
        id=data["id"], format=data["format"], card=card, blob=data["blob"], filename="", size=0, entry="", cover=None,
        details={}, state=ResourceState.READY, added_at="",
    )  # fmt: skip


def sections_of(path: Path) -> Iterator[Section]:
    """The sections of a blob's ``sections.jsonl.gz``. Raises :class:`appliance.errors.BadInput` naming the file.

    Not Damaged: here that means the index, which would be built again.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                data = json.loads(line)
                yield Section(str(data["anchor"]), str(data["title"]), str(data["text"]))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise errors.BadInput(
            "%(path)s is damaged: remove the resource, then add its file again.", path=str(path)
        ) from error


def searching(folder: Path) -> Answer:
    """Answers for ``search``, ``suggest`` and ``resources``."""
    from appliance.store.search_query import SearchIndex

    index = SearchIndex(folder)

    def answer(request: dict[str, Any], _: bytes) -> Any:
        match request["op"]:
            case "search":
                hits = index.search(request["text"], request["allowed"], request["limit"])
                return [(hit.resource, hit.anchor, hit.title, hit.snippet, hit.score) for hit in hits]
            case "suggest":
                return index.suggest(request["text"], request["limit"])
            case _:
                return sorted(index.resources())

    return answer


def writing(folder: Path) -> Answer:
    """Answers for ``create``, ``write``, ``card`` and ``forget``; each is on disk when it is answered."""
    from appliance.store.search_index import IndexWriterSession, create

    def answer(request: dict[str, Any], _: bytes) -> Any:
        if request["op"] == "create":
            return create(folder)
        with IndexWriterSession(folder) as session:
            match request["op"]:
                case "write":
                    path = request["sections"]
                    return session.write(unpacked(request["resource"]), sections_of(Path(path)) if path else ())
                case "card":
                    return session.write_card(unpacked(request["resource"]))
                case _:
                    return session.forget(request["ids"])

    return answer


def main(argv: Sequence[str]) -> int:
    """Serve requests until the other end closes; ``argv`` as in the module's docstring, without the program."""
    mode, folder, limit, descriptor = argv
    os.nice(NICENESS[mode])
    make = functools.partial(searching if mode == "search" else writing, Path(folder))
    return serve(socket.socket(fileno=int(descriptor)), make, float(limit))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
