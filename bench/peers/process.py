# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Start a server, wait for its first answer, stop it and all that it started."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, *, path: str = "/", seconds: float = 60,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """Yields the process once ``path`` is answered on ``port``; its output goes to a temporary file.

    Raises RuntimeError with the end of that output when the server ends before it answers, TimeoutError after
    ``seconds``.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
        try:
            limit = time.monotonic() + seconds
            while not answers(port, path):
                if process.poll() is not None:
                    output.seek(0)
                    said = output.read()[-2000:].decode(errors="replace")
                    raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}: {said}")
                if time.monotonic() > limit:
                    raise TimeoutError(f"no answer on port {port} within {seconds} s")
                time.sleep(0.02)
            yield process
        finally:
            stop(process)


def answers(port: int, path: str = "/") -> bool:
    """Whether ``path`` is answered without a server error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """SIGTERM to the process; SIGKILL to what is left of its group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
