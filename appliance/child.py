# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A child process that answers requests: slow, stuck or dead, it harms nobody but the request.

Parent and child talk over a socket pair. A message is its length (4 bytes, big-endian), then that much JSON (UTF-8);
one whose JSON says ``"raw": true`` is followed by a second block of bytes, its length first. The child leaves when the
other end closes, as when the parent dies.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from appliance import errors

LONGEST_MESSAGE = 16_000_000
_LENGTH = struct.Struct(">I")
_PR_SET_DUMPABLE = 4

Answer = Callable[[dict[str, Any], bytes], Any]
"""``answer(request, raw)``: what the request gets, as JSON can say it. May raise :class:`errors.CartableError`."""


def send(channel: socket.socket, message: dict[str, Any], raw: bytes = b"") -> None:
    """Write one message. Raises OSError when the other end is gone, TimeoutError past the socket's timeout."""
    told = {**message, "raw": True} if raw else message
    body = json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()
    channel.sendall(_LENGTH.pack(len(body)) + body)
    if raw:
        channel.sendall(_LENGTH.pack(len(raw)))
        channel.sendall(raw)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Read one message, and its bytes. Raises EOFError at the end of the stream or for a message that is none or too
    long, TimeoutError past the socket's timeout."""
    try:
        message = json.loads(_block(channel))
    except ValueError as error:
        raise EOFError from error
    if not isinstance(message, dict):
        raise EOFError
    return message, bytes(_block(channel)) if message.pop("raw", False) else b""


def _block(channel: socket.socket) -> bytearray:
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    if length > LONGEST_MESSAGE:
        raise EOFError
    return _exactly(channel, length)


def _exactly(channel: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    place, view = 0, memoryview(data)
    while place < count:
        more = channel.recv_into(view[place:])
        if not more:
            raise EOFError
        place += more
    return data


def leave_no_core() -> None:
    """Whatever ends this process, its memory is written nowhere (core(5)), and no other may read it (prctl(2))."""
    import ctypes  # only who hears a voice needs it

    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def confine(memory: int, niceness: int) -> None:
    """In a child that hears a voice: it steps back before others, takes ``memory`` bytes of heap at most, and no file
    can hold what it heard: none that it writes can grow, and no core or trace is taken of it."""
    os.nice(niceness)
    leave_no_core()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


class Child:
    """A child process and the socket to it."""

    def __init__(self, command: Sequence[str], *arguments: str) -> None:
        """Start ``command``, the descriptor of its socket, ``arguments``; its standard output goes nowhere."""
        ours, theirs = socket.socketpair()
        self.channel = ours
        self.started = time.monotonic()
        self.ready = False
        with theirs:
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno()), *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
                env={**os.environ, "RUST_BACKTRACE": "0"}, process_group=0,
            )  # fmt: skip

    def ask(self, request: dict[str, Any], timeout: float | None, raw: bytes = b"") -> Any:
        """Raises TimeoutError, EOFError or OSError (the child is gone), or the child's own error."""
        self.channel.settimeout(timeout)
        send(self.channel, request, raw)
        return self._reply()

    def wait_ready(self, timeout: float | None) -> None:
        """Read its first message; raises as :meth:`ask`."""
        if not self.ready:
            self.channel.settimeout(timeout)
            self._reply()
            self.ready = True

    def close(self, patience_s: float = 0.0) -> None:
        """Close the socket, wait ``patience_s`` for the child to leave, else kill it."""
        self.channel.close()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _reply(self) -> Any:
        reply, _ = receive(self.channel)
        if "error" in reply:
            raise _raised(reply)
        return reply["ok"]


def serve(channel: socket.socket, make: Callable[[], Answer], limit_s: float) -> int:
    """In the child: answer until the other end closes; returns the exit code.

    The parent kills a slow child; an alarm of ``limit_s`` does it when the parent is no more.
    """
    try:
        made = _translated(channel, make)
        if made is not None:
            send(channel, {"ok": "ready"})
            while True:
                request, raw = receive(channel)
                signal.setitimer(signal.ITIMER_REAL, limit_s)
                result = _translated(channel, lambda asked=request, sent=raw: {"ok": made(asked, sent)})  # type: ignore[misc]
                signal.setitimer(signal.ITIMER_REAL, 0)
                if result is not None:
                    send(channel, result)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0
    return 1


def _translated(channel: socket.socket, work: Callable[[], Any]) -> Any:
    """``work()``; an error for people is sent to the other end, then None."""
    try:
        return work()
    except errors.CartableError as error:
        params = {name: value if type(value) in (int, float) else str(value) for name, value in error.params.items()}
        send(channel, {"error": type(error).__name__, "message": error.message, "params": params})
        return None


def _raised(reply: dict[str, Any]) -> errors.CartableError:
    kind: type[errors.CartableError] = getattr(errors, reply["error"])
    return kind(reply["message"], **reply["params"])
