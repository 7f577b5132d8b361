# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the box shows on its own screen."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import cli
from appliance.config import ADDRESS, PRESENCE_CODE, Config
from appliance.i18n import translator
from appliance.words.console import _WITHOUT, PATIENCE_S, Seen, State, Watch, screen

FRENCH = translator("fr")
READY = Seen("ecole", State.READY, ("http://192.168.100.200/", "http://ecole.local/"), "042137")


def test_all_of_it_fits_the_smallest_screen() -> None:
    lines = screen(READY, FRENCH).splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) < 80
    text = "\n".join(lines)
    for expected in ("ecole", "est prête", "http://192.168.100.200/", "http://ecole.local/", "042137", "▄"):
        assert expected in text


def test_a_smaller_screen_has_no_picture() -> None:
    text = screen(READY, FRENCH, rows=20)
    assert "▄" not in text
    assert "042137" in text


@pytest.mark.parametrize("state", [State.STARTING, State.AWAY, State.STUCK])
def test_nothing_is_promised_before_it_is_ready(state: State) -> None:
    text = screen(replace(READY, state=state), FRENCH)
    assert " ".join(FRENCH(state.value).split()) in " ".join(text.split())
    assert FRENCH(state.value) != state.value
    assert "http" not in text
    assert "042137" not in text


def test_without_a_network() -> None:
    text = screen(replace(READY, addresses=()), FRENCH)
    assert "pas de réseau" in text
    assert "▄" not in text


def test_every_letter_is_in_the_kernels_font() -> None:
    """Code page 437 and the box-drawing characters, of which it is made."""
    for state in State:
        screen(replace(READY, state=state), FRENCH).translate(_WITHOUT).encode("cp437")


@contextlib.contextmanager
def _answering(path: Path) -> Iterator[None]:
    """A hub, as far as the console can tell."""
    with socket.socket(socket.AF_UNIX) as hub:
        path.parent.mkdir(parents=True, exist_ok=True)
        hub.bind(str(path))
        hub.listen()

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    asked, _ = hub.accept()
                    with asked:
                        asked.recv(1000)
                        asked.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        hub.shutdown(socket.SHUT_RDWR)
        thread.join()
    path.unlink()


def _config(folder: Path) -> Config:
    return replace(Config(), box=replace(Config().box, state=folder, run=folder / "run"))


def test_the_hub_is_followed(tmp_path: Path) -> None:
    now = 0.0
    config = _config(tmp_path)
    watch = Watch(config, lambda: now)
    assert watch.look().state is State.STARTING
    with _answering(config.hub_socket):
        (config.box.run / PRESENCE_CODE).write_text("123456")
        (config.box.run / ADDRESS).write_text("http://cartable-2.local:8000/\n")
        seen = watch.look()
    assert (seen.state, seen.code) == (State.READY, "123456")
    assert all(address.endswith(":8000/") for address in seen.addresses)
    away = watch.look()
    assert (away.state, away.code) == (State.AWAY, None)
    now = PATIENCE_S + 1
    assert watch.look().state is State.STUCK


def test_why_it_cannot_start(tmp_path: Path) -> None:
    """What systemd/disk and cartable-no-data.service left, until the hub answers all the same."""
    config, card = _config(tmp_path), tmp_path / "card"
    card.mkdir()
    (card / "trouble").write_text("La carte est trop petite.\n")
    watch = Watch(config, card=card)
    assert "\n  La carte est trop petite.\n" in screen(watch.look(), str) + "\n"
    (card / "trouble").unlink()
    (card / "no-data").touch()
    assert watch.look().state is State.NO_DATA
    with _answering(config.hub_socket):
        assert watch.look().state is State.READY


def test_bytes_that_are_no_text_are_no_code(tmp_path: Path) -> None:
    config = _config(tmp_path)
    with _answering(config.hub_socket):
        (config.box.run / PRESENCE_CODE).write_bytes(b"\xff\xfe")
        assert Watch(config).look().code is None


def test_the_word_shows_it_once(tmp_path: Path) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert cli.main(["--state", str(tmp_path), "console", "--once"]) == 0
    assert "La boîte démarre" in out.getvalue()


def test_without_a_configuration_the_class_still_sees_the_box(tmp_path: Path) -> None:
    (tmp_path / "cartable.toml").write_text("[box\n")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        words = ["--config", str(tmp_path / "cartable.toml"), "--state", str(tmp_path), "console", "--once"]
        assert cli.main(words) == 0
    assert "La boîte démarre" in out.getvalue()


def test_a_name_moves_no_cursor() -> None:
    text = screen(Seen("a\x1b]0;b\x07\x9b2J", State.STARTING), str)
    assert all(letter.isprintable() for letter in text.replace("\n", ""))
