# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The processes behind :class:`appliance.hub.search.Search`: one that searches, short-lived ones that write.

``python -m appliance.hub.search_worker search|index FOLDER FD LIMIT_S``. They talk over the socket ``FD``: a message is
its length (4 bytes, big-endian), then that much JSON (UTF-8). They leave when the other end closes. Imports stay few:
each megabyte here is a megabyte of the box.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from appliance import errors
from appliance.model import Card, Resource, ResourceState, Section

LONGEST_MESSAGE = 16_000_000
NICENESS = {"search": 5, "index": 10}
_LENGTH = struct.Struct(">I")
_CARD_FIELDS = ("title", "description", "language", "levels", "subject", "author")


def send(channel: socket.socket, message: object) -> None:
    """Write one message. Raises OSError when the other end is gone, TimeoutError past the socket's timeout."""
    body = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()
    channel.sendall(_LENGTH.pack(len(body)) + body)


def receive(channel: socket.socket) -> Any:
    """Read one message. Raises EOFError at the end of the stream, TimeoutError past the socket's timeout."""
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    if length > LONGEST_MESSAGE:
        raise EOFError
    return json.loads(_exactly(channel, length))


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = channel.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


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


def searching(folder: Path) -> Callable[[dict[str, Any]], Any]:
    """Answers for ``search``, ``suggest`` and ``resources``."""
    from appliance.store.search_query import SearchIndex

    index = SearchIndex(folder)

    def answer(request: dict[str, Any]) -> Any:
        match request["op"]:
            case "search":
                hits = index.search(request["text"], request["allowed"], request["limit"])
                return [(hit.resource, hit.anchor, hit.title, hit.snippet, hit.score) for hit in hits]
            case "suggest":
                return index.suggest(request["text"], request["limit"])
            case _:
                return sorted(index.resources())

    return answer


def writing(folder: Path) -> Callable[[dict[str, Any]], Any]:
    """Answers for ``create``, ``write``, ``card`` and ``forget``; each is on disk when it is answered."""
    from appliance.store.search_index import IndexWriterSession, create

    def answer(request: dict[str, Any]) -> Any:
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
    mode, folder, descriptor, limit = argv
    os.nice(NICENESS[mode])
    channel = socket.socket(fileno=int(descriptor))
    try:
        answer = _translated(lambda: (searching if mode == "search" else writing)(Path(folder)), channel)
        if answer is not None:
            send(channel, {"ok": "ready"})
            _serve(channel, answer, float(limit))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0
    return 1


def _serve(channel: socket.socket, answer: Callable[[dict[str, Any]], Any], limit: float) -> None:
    """The hub kills a slow worker; the alarm's default action does it when the hub is no more."""
    while True:
        request = receive(channel)
        signal.setitimer(signal.ITIMER_REAL, limit)
        result = _translated(lambda request=request: {"ok": answer(request)}, channel)  # type: ignore[misc]
        signal.setitimer(signal.ITIMER_REAL, 0)
        if result is not None:
            send(channel, result)


def _translated(work: Callable[[], Any], channel: socket.socket) -> Any:
    """``work()``; an error for people is sent to the other end, then None."""
    try:
        return work()
    except errors.CartableError as error:
        params = {name: str(value) for name, value in error.params.items()}
        send(channel, {"error": type(error).__name__, "message": error.message, "params": params})
        return None


def raised(reply: dict[str, Any]) -> errors.CartableError:
    """The error of an error reply."""
    kind: type[errors.CartableError] = getattr(errors, reply["error"])
    return kind(reply["message"], **reply["params"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
