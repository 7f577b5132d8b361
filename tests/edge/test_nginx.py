# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The generated configuration of nginx."""

from __future__ import annotations

import contextlib
import io
import subprocess
from pathlib import Path

from appliance import cli
from appliance.config import Config
from appliance.media_types import DEFAULT, media_type
from appliance.nginx import render
from appliance.routes import ROUTES
from tests.rigs.nginx import PROGRAM, site

CHECKED_IN = Path(__file__).parents[2] / "systemd" / "nginx.conf"


def test_the_file_checked_in_is_the_one_generated() -> None:
    assert CHECKED_IN.read_text(encoding="utf-8") == render(Config()), "cartable nginx > systemd/nginx.conf"


def test_the_word_prints_it(tmp_path: Path) -> None:
    out = io.StringIO()
    empty = tmp_path / "empty.toml"
    empty.touch()
    with contextlib.redirect_stdout(out):
        assert cli.main(["--config", str(empty), "nginx"]) == 0
    assert out.getvalue() == render(Config())


def test_nginx_accepts_it_without_a_warning(tmp_path: Path) -> None:
    assert PROGRAM is not None
    file = tmp_path / "nginx.conf"
    file.write_text(render(Config(), site(Config(), tmp_path, tmp_path)), encoding="utf-8")
    command = [PROGRAM, "-t", "-q", "-e", "stderr", "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_route_is_there_in_order() -> None:
    text = render(Config())
    places = [text.index(f'location ~ "{route.pattern}"') for route in ROUTES]
    assert len(places) == len(ROUTES)


def test_media_types() -> None:
    assert media_type("a/b.VTT") == "text/vtt; charset=utf-8"
    assert media_type("archive.tar.gz") == "application/gzip"
    assert media_type("none") == media_type(".js") == media_type("x.constructor") == DEFAULT
