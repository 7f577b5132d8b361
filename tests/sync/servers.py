# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Real nginx that serves one folder, and a proxy on the way to it that cuts the line."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.rigs.nginx import PROGRAM, free_port, wait_for_port

CONFIGURATION = """
worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log; {user}
events {{ worker_connections 64; }}
http {{
  access_log {work}/access.log combined; root {root}; default_type application/octet-stream;
  client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u;
  scgi_temp_path {work}/s;
  server {{
    listen 127.0.0.1:{port};
    location /plain/ {{ alias {root}/; }}
    location /norange/ {{ alias {root}/; max_ranges 0; }}
    location /zipped/ {{ alias {root}/; gzip on; gzip_min_length 1; gzip_types *; }}
    location /named/ {{ alias {root}/; types {{ application/x-zim bin; }}
      add_header Content-Disposition
        "attachment; filename=\\"repli.bin\\"; filename*=UTF-8''%C3%A9t%C3%A9%2F..%2Fvolcans.zim"; }}
    location /hop {{ return 302 /plain/file.bin; }}
    location /loop {{ return 302 /loop; }}
    location /away {{ return 302 file:///etc/passwd; }}
    location /busy {{ add_header Retry-After 7 always; return 503; }}
    location /secret {{ return 403; }}
  }}
}}
"""


@contextlib.contextmanager
def served(root: Path, work: Path) -> Iterator[int]:
    """nginx on ``root``; gives its port."""
    assert PROGRAM is not None, "nginx is not installed: sh tests/prepare.sh"
    work.mkdir()
    port = free_port()
    user = "user root;" if Path("/proc/self").owner() == "root" else ""
    file = work / "nginx.conf"
    file.write_text(CONFIGURATION.format(work=work, root=root, port=port, user=user), encoding="utf-8")
    process = subprocess.Popen([PROGRAM, "-e", "stderr", "-c", file, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Line:
    """A TCP proxy. ``cuts``: for each connection in turn, after how many bytes of answer it is cut (None: never)."""

    def __init__(self, target: int, cuts: Sequence[int | None]) -> None:
        self._target = target
        self.cuts = [*cuts]
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.between: Callable[[], object] = lambda: None
        """Called after each cut."""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            cut = self.cuts.pop(0) if self.cuts else None
            with client, socket.create_connection(("127.0.0.1", self._target)) as upstream:
                upstream.sendall(client.recv(65536))
                self._carry(upstream, client, cut)
            if cut is not None:
                self.between()

    @staticmethod
    def _carry(upstream: socket.socket, client: socket.socket, cut: int | None) -> None:
        upstream.settimeout(1)
        left = cut
        while left is None or left > 0:
            try:
                block = upstream.recv(65536)
            except TimeoutError:
                return
            if not block:
                return
            with contextlib.suppress(OSError):
                client.sendall(block if left is None else block[:left])
            if left is not None:
                left -= len(block)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


class Script:
    """A server that says exactly these bytes, one string per connection, whatever it is asked."""

    def __init__(self, answers: list[bytes]) -> None:
        self.asked: list[bytes] = []
        self._answers = answers
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for answer in self._answers:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                self.asked.append(client.recv(65536))
                client.sendall(answer)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
