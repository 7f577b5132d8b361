# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The sheet of covers costs little, in whatever order it is asked for: thirty tablets search for different words."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from appliance.hub import covers
from tests.hub import site as rig
from tests.hub.site import Site

COLOURS = ("#c03030", "#30c030", "#3030c0", "#c0c030")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.opened(tmp_path_factory.mktemp("covers")) as opened:
        opened.sign_in()
        for colour in COLOURS:
            assert opened.upload((f"{colour[1:]}.png", rig.picture(colour))).status_code == 303
        opened.settle()
        yield opened


def keys(site: Site) -> list[str]:
    return [covers.key(site.only(filename=f"{colour[1:]}.png")) for colour in COLOURS]


def test_each_cover_stands_in_its_row(site: Site) -> None:
    sheet = Image.open(io.BytesIO(site.get(covers.sheet_url(keys(site))).data))
    assert sheet.size == (covers.WIDTH, covers.HEIGHT * len(COLOURS))
    for row, colour in enumerate(COLOURS):
        seen = sheet.getpixel((covers.WIDTH // 2, covers.HEIGHT * row + covers.HEIGHT // 2))
        assert isinstance(seen, tuple)
        wanted = tuple(bytes.fromhex(colour[1:]))
        assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < 12


def test_other_mixes_of_the_same_covers_decode_none_again(site: Site) -> None:
    covers._cell.cache_clear()
    for mix in itertools.permutations(keys(site)):
        assert site.get(covers.sheet_url(mix)).status_code == 200
    assert covers._cell.cache_info().misses == len(COLOURS)


def test_a_cover_that_is_no_picture_leaves_its_row_empty(tmp_path: Path) -> None:
    broken = tmp_path / "cover.png"
    broken.write_bytes(rig.picture()[:200])
    sheet = Image.open(io.BytesIO(covers._drawn((str(broken), str(tmp_path / "none.jpg"), ""))))
    assert sheet.size == (covers.WIDTH, covers.HEIGHT * 3)
