# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's name, published while the hub runs, and kept for whoever shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.drivers.simulated import SimulatedAdvert
from appliance.hub.announcement import Announcement


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("port", "address"), [(80, "http://cartable-2.local/"), (8080, "http://cartable-2.local:8080/")]
)
def test_the_name_taken_is_told_and_forgotten(tmp_path: Path, port: int, address: str) -> None:
    advert, file = SimulatedAdvert(taken=["cartable"]), tmp_path / "address"
    announcement = Announcement(advert, "Cartable", port, file)
    announcement.start()
    _until(file.exists)
    _until(lambda: file.read_text() == f"{address}\n")
    announcement.stop()
    assert not file.exists()
    assert advert.name == ""


def test_a_name_lost_to_another_box_is_told_again(tmp_path: Path) -> None:
    advert, file = SimulatedAdvert(), tmp_path / "address"
    announcement = Announcement(advert, "cartable", 80, file, every_s=0.01)
    announcement.start()
    _until(file.exists)
    advert.stop()
    advert.start("ecole", 80)
    _until(lambda: file.read_text() == "http://ecole.local/\n")
    announcement.stop()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    advert = SimulatedAdvert()
    announcement = Announcement(advert, "cartable", 80, tmp_path / "missing" / "address")
    announcement.start()
    _until(lambda: advert.name != "")
    announcement.stop()
    assert advert.name == ""
