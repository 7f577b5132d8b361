# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A box without any network but its own: it starts, shows every format, finds, and takes an answer; twice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import copy_state
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.http_tablet import Tablet

pytestmark = [pytest.mark.system, pytest.mark.network]

ROOT = Path(__file__).parents[2]
ALONE = ["unshare", "--map-root-user", "--net"] if os.geteuid() else ["unshare", "--net"]


def test_everything_works_without_a_network(prepared_state: Path, tmp_path: Path) -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs network namespaces")
        pytest.skip("no network namespace can be made here")
    state = copy_state(prepared_state, tmp_path / "state")
    for visit in ("first", "second"):
        run = subprocess.run(
            [*ALONE, sys.executable, "-m", "tests.system.test_offline", str(state), visit],
            cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
        assert f"{visit}: 8 formats" in run.stdout


def _page(address: str) -> tuple[str, str]:
    """Media type and text of what stands at ``address``."""
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.status == 200
        return answer.headers.get_content_type(), answer.read().decode(errors="replace")


def _shelf(box: Box) -> None:
    for path in ("/qui", "/etagere", "/etagere/filtres", "/reglages", "/credits", "/enseignant", "/sante"):
        kind, text = _page(box.base + path)
        assert kind == "text/html"
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//(?!127\.0\.0\.1)""", text), path
    assert "Petite encyclopédie" in _page(box.base + "/etagere?q=" + quote("capitale de la Mongolie"))[1]


def _formats(box: Box) -> set[str]:
    seen = set()
    for resource in box.resources():
        assert resource["card"]["title"].partition("’")[0] in _page(f"{box.base}/lire/{resource['id']}")[1]
        folder = "zim" if resource["format"] == "zim" else "blob"
        assert _page(f"{box.content}/{folder}/{resource['blob']}/{quote(resource['entry'])}")[1]
        seen.add(resource["format"])
    return seen


def _answer(box: Box) -> None:
    tablet = Tablet(box, box.rows("SELECT id FROM pupil ORDER BY position LIMIT 1")[0]["id"])
    tablet.come_in(box.rows("SELECT id FROM activity ORDER BY rowid LIMIT 1")[0]["id"])
    asked, identifier = tablet.questions[0], str(uuid.uuid4())
    item = {"id": identifier, "token": tablet.token, "question": asked.id, "choice": asked.choices[0]}
    assert tablet.send([item]) == (200, {"accepted": [identifier], "refused": []})
    assert box.rows("SELECT 1 FROM statement WHERE id = ?", identifier)


def alone(state: Path, visit: str) -> None:
    """In a network namespace of its own, where only the loopback is."""
    subprocess.run(
        [shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") or "ip", "link", "set", "lo", "up"], check=True
    )
    with rig.running(state, "--address", "127.0.0.1") as box:
        _shelf(box)
        formats = _formats(box)
        _answer(box)
    print(f"{visit}: {len(formats)} formats")


if __name__ == "__main__":
    alone(Path(sys.argv[1]), sys.argv[2])
