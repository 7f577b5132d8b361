# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The recipe of the image: its locks resolve, what is fetched is what was locked, the bill lists it all.

The image itself is `make image`, and what it does when started `make image-test`.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import tomllib
from pathlib import Path

import pytest
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from imaging import fetch, lock, materials, resolve, stages, wheels
from imaging.lock import Deb, LockError

HERE = Path(__file__).parents[1] / "image-build"
LOCK = lock.load(HERE / "packages.lock")
RECIPE = tomllib.loads((HERE / "packages.toml").read_text())


def test_every_package_wanted_is_locked() -> None:
    for name in lock.SETS:
        held = {deb.name for deb in LOCK.of(name)}
        wanted = {n for n in RECIPE[name]["install"] if n != "linux-image-arm64"}
        assert wanted <= held, f"make image-lock: {sorted(wanted - held)}"
        assert {deb.architecture for deb in LOCK.of(name)} <= {"all", RECIPE[name]["architecture"]}
    assert not set(RECIPE["image"]["without"]) & {deb.name for deb in LOCK.of("image")}
    assert [deb.name for deb in LOCK.of("payload") if re.match(r"linux-image-\d", deb.name)]


def test_the_lock_is_what_a_resolution_would_write() -> None:
    assert lock.render(LOCK) == (HERE / "packages.lock").read_text()
    assert len({deb.sha256 for deb in LOCK.debs}) == len({(d.name, d.architecture, d.version) for d in LOCK.debs})


@pytest.mark.parametrize(
    "line",
    [
        "image nginx 1.26 arm64 debian 12 " + "a" * 63 + " pool/nginx.deb",
        "image nginx 1.26 arm64 debian 0 " + "a" * 64 + " pool/nginx.deb",
        "image nginx 1.26 armhf debian 12 " + "a" * 64 + " pool/nginx.deb",
        "image nginx 1.26 arm64 elsewhere 12 " + "a" * 64 + " pool/nginx.deb",
        "image nginx 1.26 arm64 debian 12 " + "a" * 64 + " pool/../../nginx.deb",
        "image nginx 1.26 arm64 debian 12 " + "a" * 64 + " http://elsewhere/pool/nginx.deb",
        "# archive debian yesterday",
        "nonsense",
    ],
)
def test_a_damaged_lock_is_refused(line: str) -> None:
    with pytest.raises(LockError):
        lock.parse(f"# archive debian 20260101T000000Z\n{line}\n")


def test_a_package_twice_or_of_an_unknown_archive_is_refused() -> None:
    row = "image nginx 1.26 arm64 debian 12 " + "a" * 64 + " pool/nginx.deb\n"
    with pytest.raises(LockError, match="twice"):
        lock.parse("# archive debian 20260101T000000Z\n" + row * 2)
    with pytest.raises(LockError, match="moment"):
        lock.parse(row)


def test_every_requirement_has_its_wheel_for_the_card() -> None:
    """One file each, of the locked version, by a hash that requirements.lock allows, for aarch64 or for all."""
    held = [w for w in wheels.parse((HERE / "wheels.lock").read_text()) if w.use == "card"]
    wanted = wheels.on_card((HERE.parent / "requirements.lock").read_text())
    assert len(wanted) > 30
    assert {w.name for w in held} == set(wanted), "make image-lock"
    for wheel in held:
        version, hashes = wanted[wheel.name]
        assert (wheel.version, wheel.sha256 in hashes) == (version, True), f"make image-lock: {wheel.file}"
        tags = parse_wheel_filename(wheel.file)[3]
        assert any(_runs(tag) for tag in tags), wheel.file


def test_markers_are_read_for_the_card() -> None:
    """Not for the machine that resolves."""
    text = """\
old==1.0 ; python_full_version < "3.13" \\
    --hash=sha256:{0}
new==2.0 ; python_full_version >= "3.13" \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
windows==3.0 ; sys_platform == "win32" \\
    --hash=sha256:{0}
""".format("a" * 64, "b" * 64)
    assert wheels.on_card(text) == {"new": ("2.0", ["a" * 64, "b" * 64])}


def _runs(tag: Tag) -> bool:
    old = re.fullmatch(r"cp3(\d+)", tag.interpreter)
    fits = tag.abi == "cp313" or (tag.abi == "abi3" and old is not None and int(old[1]) <= 13) or tag.abi == "none"
    return fits and wheels.runs(tag.platform)


@pytest.mark.parametrize("tag", ["manylinux_2_42_aarch64", "manylinux_2_17_x86_64", "musllinux_1_2_aarch64"])
def test_a_wheel_that_does_not_run_on_the_card_is_refused(tag: str) -> None:
    with pytest.raises(LockError, match="does not run"):
        wheels.parse(f"card 12 {'a' * 64} name-1.0-cp313-cp313-{tag}.whl\n")


def test_a_sample_of_the_lock_is_what_the_archive_offers(tmp_path: Path) -> None:
    """Same version, same hash; or the archive has moved on, which the snapshot service makes good."""
    resolver = resolve.Resolver(tmp_path, "arm64", RECIPE["suite"], RECIPE["components"])
    resolver.update()
    offered = {name for name, _ in resolver.packages}
    for deb in random.Random(11).sample(LOCK.of("image", "payload"), 40):
        now = resolver.packages.get((deb.name, deb.version))
        if now is None:
            assert deb.name in offered, f"{deb.name} left the archive: make image-lock"
        else:
            assert (now.sha256, now.size, now.path) == (deb.sha256, deb.size, deb.path)


def test_a_download_that_is_not_what_was_locked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the right size, by another hash: neither kept nor used."""
    pool = tmp_path / "mirror/debian/pool"
    pool.mkdir(parents=True)
    (pool / "a.deb").write_bytes(b"something else")
    monkeypatch.setenv("CARTABLE_MIRROR", (tmp_path / "mirror").as_uri())
    monkeypatch.setattr(fetch, "SNAPSHOT", (tmp_path / "snapshot").as_uri())
    deb = Deb("image", "a", "1", "all", "debian", 14, "0" * 64, "pool/a.deb")
    with pytest.raises(SystemExit, match="a 1"):
        fetch.debs(lock.Lock((deb,), {"debian": "20260101T000000Z"}), [deb], tmp_path / "cache")
    good = Deb(**{**vars(deb), "sha256": hashlib.sha256(b"something else").hexdigest()})
    found = fetch.debs(lock.Lock((good,), {"debian": "20260101T000000Z"}), [good], tmp_path / "cache")
    assert found[good].read_bytes() == b"something else"


def test_what_the_pool_dropped_comes_from_the_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "snapshot/debian/20260101T000000Z/pool"
    old.mkdir(parents=True)
    (old / "a.deb").write_bytes(b"old")
    monkeypatch.setenv("CARTABLE_MIRROR", (tmp_path / "mirror").as_uri())
    monkeypatch.setattr(fetch, "SNAPSHOT", (tmp_path / "snapshot").as_uri())
    deb = Deb("image", "a", "1", "all", "debian", 3, hashlib.sha256(b"old").hexdigest(), "pool/a.deb")
    fetch.debs(lock.Lock((deb,), {"debian": "20260101T000000Z"}), [deb], tmp_path / "cache")


def test_the_bill_lists_every_package_and_wheel(tmp_path: Path) -> None:
    notice = tmp_path / "usr/share/doc/nginx/copyright"
    notice.parent.mkdir(parents=True)
    notice.write_text("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nLicense: BSD-2\n")
    site = tmp_path / materials.CARD_SITE / "flask-3.1.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Name: flask\nLicense-Expression: BSD-3-Clause\n\n")
    held = [w for w in wheels.parse((HERE / "wheels.lock").read_text()) if w.use == "card"]
    vendored = HERE.parent / "appliance/hub/static/vendor/VENDORED.toml"
    debs = LOCK.of("image", "payload")
    bill = json.loads(materials.bill(debs, held, tmp_path, vendored, "1.0", "2026-01-01T00:00:00Z"))
    parts = {part["name"]: part for part in bill["components"]}
    assert {d.name for d in debs} | {w.name for w in held} <= set(parts)
    assert parts["nginx"]["licenses"] == [{"license": {"name": "BSD-2"}}]
    assert parts["flask"]["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    assert parts["nginx"]["hashes"][0]["content"] == next(d.sha256 for d in debs if d.name == "nginx")
    assert len({part["bom-ref"] for part in bill["components"]}) == len(bill["components"])
    assert "htmx.org" in parts


def test_a_stage_is_kept_until_its_inputs_change(tmp_path: Path) -> None:
    runs = []

    def make(tree: Path) -> None:
        runs.append(tree)
        tree.mkdir()

    source = tmp_path / "source"
    source.write_text("1")
    for text in ("1", "1", "2", "1"):
        source.write_text(text)
        stages.Stages(tmp_path / "stage").kept("part", stages.digest(source, "x"), make)
    assert len(runs) == 3
    assert len(list((tmp_path / "stage").iterdir())) == 1
