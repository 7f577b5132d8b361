# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The hub's start: what the first page does not need is not waited for."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Map, Rule

from appliance import box
from appliance.hub.afterwards import Afterwards, at_first_use, noticing
from appliance.hub.quick_rules import QuickRule
from appliance.store.migrations import migrate
from tests.hub import site as rig
from tests.rigs.box import until

LATE = ("babel", "libzim", "segno", "sqlite_utils", "zeroconf", "tantivy", "PIL", "urllib3", "aiohttp")
FIRST_PAGE = """
import io, json, os, sys
from pathlib import Path
from appliance.config import BoxConfig, Config, environment
state = Path(sys.argv[1])
os.environ.update(environment(Config(BoxConfig(state=state, run=state / "run"))))
from appliance import box
application = box.hub_application()
told = []
environ = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/etagere", "QUERY_STRING": "", "SERVER_NAME": "x",
    "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "cartable.local", "HTTP_X_CARTABLE_ORIGIN": "hub",
    "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
}
b"".join(application(environ, lambda status, headers: told.append(status)))
print(json.dumps([told, sorted(name for name in sys.modules if "." not in name)]))
"""


def test_the_first_page_loads_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    migrate(tmp_path / "cartable.sqlite")
    command = [sys.executable, "-c", FIRST_PAGE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told, loaded = json.loads(done.stdout)
    assert told == ["200 OK"]
    assert [name for name in LATE if name in loaded] == []


Answer = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def test_made_once_however_many_ask_first() -> None:
    made = []

    def make() -> Answer:
        made.append(1)
        return lambda environ, start_response: [b"x"]

    application = at_first_use(make)
    assert made == []
    threads = [threading.Thread(target=application, args=({}, print)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    def make() -> Answer:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return lambda environ, start_response: [b"x"]

    application = at_first_use(make)
    with pytest.raises(OSError, match="not yet"):
        application({}, print)
    assert application({}, print) == [b"x"]


def _answering(status: str) -> Answer:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, [])
        return [b"x"]

    return application


def _status(application: Answer) -> str:
    said: list[str] = []
    assert application({}, lambda status, headers: said.append(status)) == [b"x"]
    return said[0]


def test_nothing_starts_before_the_service_answers_and_nothing_after_it_stops(tmp_path: Path) -> None:
    started: list[str] = []
    waiting = Afterwards(tmp_path / "nobody.sock", [lambda: started.append("x")], threading.Event())
    waiting.stop()
    assert started == []
    shown = threading.Event()
    for status, page in (("302 FOUND", False), ("200 OK", True), ("404 NOT FOUND", True)):
        assert _status(noticing(_answering(status), shown)) == status
        assert shown.is_set() is page
    server = subprocess.Popen([sys.executable, "-m", "appliance", "--state", str(tmp_path), "hub"])
    try:
        after = Afterwards(tmp_path / "run/hub.sock", [lambda: started.append("a"), lambda: started.append("b")], shown)
        until(lambda: started == ["a", "b"], "not started", 20)
        after.stop()
    finally:
        server.terminate()
        server.wait()


def test_addresses_are_written_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled at the first link, whatever the rule: words, numbers, paths, what is left over."""
    rules = ("/", "/a/<word>", "/b/<int:number>/c", "/d/<path:rest>", "/e/<word>/<int:number>")
    plain, quick = (Map([kind(rule, endpoint=rule) for rule in rules]).bind("x.local") for kind in (Rule, QuickRule))
    values: dict[str, object] = {"word": "né à/l'air", "number": 3, "rest": "x/y z"}
    for rule in rules:
        wanted = {name: value for name, value in values.items() if f"{name}>" in rule} | {"more": "a b"}
        for _ in range(2):
            assert quick.build(rule, wanted) == plain.build(rule, wanted), rule
    compiled: list[str] = []
    real = Rule._compile_builder

    def counted(rule: Rule, append_unknown: bool) -> Callable[..., Any]:
        compiled.append(rule.rule)
        return real(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", counted)
    Map([QuickRule(rule, endpoint=rule) for rule in rules]).bind("x.local").match("/b/3/c")
    assert compiled == []


def test_keys_whose_session_is_over_are_forgotten_by_the_hub_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "KEYS_EXPIRE_EACH_S", 0.02)
    with rig.opened(tmp_path / "state") as site:
        vaults = site.hub.vaults
        vaults.enter("t1", b"k" * 32, "s", until=site.hub.clock.now().monotonic + 0.2)
        assert vaults._holders
        until(lambda: not vaults._holders, "the key is still there", 20.0)
