# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""nginx over a folder: what static files cost at best. Debian's, installed or unpacked into the cache."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from bench.peers import cache, debian, process

SUITE = "bookworm"

Gzip = Literal["static", "live", "off"]

CONFIGURATION = """\
daemon off;
{user}pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes {workers};
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  server_tokens off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/octet-stream;
  types {{
    text/html html;
    text/css css;
    text/plain txt;
    text/javascript js;
    application/json json;
    application/pdf pdf;
    image/svg+xml svg;
    image/png png;
    image/jpeg jpg jpeg;
    image/gif gif;
    font/woff2 woff2;
    video/mp4 mp4;
    video/webm webm;
  }}
  {gzip}
  server {{
    listen 127.0.0.1:{port};
    root {root};
  }}
}}
"""
GZIP: dict[Gzip, str] = {
    "static": "gzip_static on;",
    "live": "gzip on; gzip_types text/css text/javascript image/svg+xml;",
    "off": "gzip off;",
}


@contextlib.contextmanager
def start(
    folder: Path, port: int, *, workers: int = 1, gzip: Gzip = "static"
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """Serve ``folder`` on 127.0.0.1; ``static`` sends the ``.gz`` beside a file to who accepts it."""
    with tempfile.TemporaryDirectory(prefix="cartable-nginx-") as name:
        file = Path(name) / "nginx.conf"
        user = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
        file.write_text(
            CONFIGURATION.format(
                user=user, folder=name, workers=workers, gzip=GZIP[gzip], port=port, root=folder.resolve()
            )
        )
        words = [*command(), "-e", "stderr", "-p", name, "-c", str(file)]
        with process.running(words, port) as server:
            yield server


def command() -> list[str]:
    """nginx of the machine; unpacked from Debian's package when there is none."""
    installed = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return [installed] if installed else debian.command(unpacked(), "usr/sbin/nginx")


def unpacked() -> Path:
    """Debian's packages in the cache."""
    return cache.once(f"nginx-{SUITE}", lambda target: debian.unpack(SUITE, ["nginx"], target, depends=True))
