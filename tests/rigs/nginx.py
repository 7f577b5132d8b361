# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Real nginx, as the box runs it, on free ports and with everything it writes in one folder."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.config import Config
from appliance.nginx import Site, render

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, deadline_s: float = 10) -> None:
    """Until something listens on ``port`` of this machine."""
    end = time.monotonic() + deadline_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def site(config: Config, folder: Path, static: Path) -> Site:
    """An nginx on the ports of ``config.edge``, one worker, writing below ``folder``."""
    return Site(
        hub_port=config.edge.port,
        content_port=config.edge.content_port,
        address="127.0.0.1",
        static=static,
        work=folder,
        pid=folder / "nginx.pid",
        user="root" if Path("/proc/self").owner() == "root" else "",
        workers="1",
    )


@contextlib.contextmanager
def nginx(config: Config, folder: Path, static: Path) -> Iterator[subprocess.Popen[bytes]]:
    """nginx with the configuration made for ``config``; its errors are in ``folder/error.log``."""
    assert PROGRAM is not None, "nginx is not installed: sh tests/prepare.sh"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    file.write_text(render(config, site(config, folder, static)), encoding="utf-8")
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-e", "stderr", "-c", file, "-g", "daemon off;"], stderr=log)
        try:
            wait_for_port(config.edge.port)
            wait_for_port(config.edge.content_port)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
