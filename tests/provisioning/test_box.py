# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""First boot of a box, later boots, and plugs pulled in between."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from appliance import config, identity_file
from appliance.errors import CartableError, ConfigError, StorageError
from provisioning import identity
from tests.provisioning.boxes import PHC, SECRETS, WHOLE, Folders, new

WIFI, CABLE = "network/cartable-wifi.nmconnection", "network/cartable-cable.nmconnection"


def own(box: Folders) -> dict[str, Any]:
    return tomllib.loads((box.state / "cartable.toml").read_text())


def everything(folder: Path) -> dict[str, bytes | str]:
    """Every file and link, but what is made by chance."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = str(path.readlink())
        elif path.is_file() and path.name != "identity.json":
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_all_of_it(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    assert box.provision() == []
    assert own(box) == {
        "box": {"name": "cartable-2", "language": "fr", "time_zone": "Indian/Reunion"},
        "school": {"name": "École Jules-Ferry"},
        "teacher": {"passphrase_hash": PHC},
    }
    assert config.load([box.state / "cartable.toml"]).school.name == "École Jules-Ferry"
    wifi, cable = ((box.state / name).read_text() for name in (WIFI, CABLE))
    assert "ssid=69;99;111;108;101;32;87;105;45;70;105;\n" in wifi
    assert 'psk=secret\\\\ du "reseau\n' in wifi
    assert "method=manual\naddress1=192.168.1.10/24,192.168.1.1\ndns=192.168.1.1;9.9.9.9;\n" in cable
    assert str((box.state / "localtime").readlink()) == "/usr/share/zoneinfo/Indian/Reunion"
    for name in (WIFI, CABLE, "cartable.toml", "identity.json"):
        assert stat.S_IMODE((box.state / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((box.state / "network").stat().st_mode) == 0o700
    assert not box.errors.exists()


def test_the_secrets_leave_the_file_and_the_rest_stays(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    left = box.file.read_text()
    assert not any(secret in left for secret in SECRETS)
    assert left.count("effacé ici") == 2
    kept = [line for line in WHOLE.splitlines() if not line.startswith("passphrase")]
    assert [line for line in left.splitlines() if "effacé" not in line] == kept


def test_again_writes_nothing(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    before = times(tmp_path)
    assert box.provision() == []
    assert times(tmp_path) == before


def test_without_a_file_it_starts_with_its_defaults(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    assert box.provision() == []
    assert sorted(path.name for path in box.state.iterdir()) == ["identity.json", "localtime"]
    shutil.rmtree(box.boot)
    assert box.provision() == []


def test_a_plug_pulled_at_any_step(tmp_path: Path) -> None:
    whole, log = new(tmp_path / "whole", WHOLE), tmp_path / "log"
    assert whole.killed_at(0, log) == 0
    names, wanted = log.read_text().splitlines(), (everything(whole.state), everything(whole.boot))
    assert len(names) > 20
    for number, name in enumerate(names, 1):
        box = new(tmp_path / f"box-{number}", WHOLE)
        assert box.killed_at(number, tmp_path / f"log-{number}") == 137, name
        held = identity_file.read(box.state / "identity.json")
        if any(secret not in box.file.read_text() for secret in SECRETS):
            assert PHC in (box.state / "cartable.toml").read_text(), name  # gone there, so it must be here
            assert (box.state / WIFI).exists(), name
        assert box.provision() == []
        assert (everything(box.state), everything(box.boot)) == wanted, name
        assert held in (None, identity_file.read(box.state / "identity.json")), name


@pytest.mark.parametrize("lost", range(0, 400, 40))
def test_a_torn_overwriting_of_the_secrets(tmp_path: Path, lost: int) -> None:
    """A sector that did not reach the card: some secrets are stars, others not."""
    box, log = new(tmp_path / "box", WHOLE), tmp_path / "log"
    counted = new(tmp_path / "counted", WHOLE)
    counted.killed_at(0, log)
    number = log.read_text().splitlines().index("flush the secrets") + 1
    box.killed_at(number, tmp_path / "log-2")
    starred = box.file.read_bytes()
    box.file.write_bytes(starred[:lost] + WHOLE.encode()[lost:])
    assert box.provision() == []
    assert everything(box.boot) == everything(counted.boot)
    assert everything(box.state) == everything(counted.state)


def test_a_changed_file_changes_only_what_it_names(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    cable = (box.state / CABLE).read_bytes()
    box.file.write_text('[school]\nname = "École du Port"\n[wifi]\nname = "Port"\npassphrase = "12345678"\n')
    assert box.provision() == []
    assert own(box)["school"] == {"name": "École du Port"}
    assert own(box)["box"]["name"] == "cartable-2"
    assert own(box)["teacher"] == {"passphrase_hash": PHC}
    assert "ssid=Port\n" in (box.state / WIFI).read_text()
    assert (box.state / CABLE).read_bytes() == cable


def test_what_the_technician_sees_can_be_edited_in_place(tmp_path: Path) -> None:
    """The passphrase that was removed is the one that stays, as long as the network is the same."""
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    wifi = (box.state / WIFI).read_bytes()
    box.file.write_text(box.file.read_text().replace("Jules-Ferry", "Ferry"))
    assert box.provision() == []
    assert own(box)["school"] == {"name": "École Ferry"}
    assert (box.state / WIFI).read_bytes() == wifi
    box.file.write_text(box.file.read_text().replace('name = "Ecole Wi-Fi"', 'name = "Autre"'))
    assert "the passphrase of the Wi-Fi “Autre” is missing" in box.provision()[0]
    assert (box.state / WIFI).read_bytes() == wifi


def test_only_another_passphrase(tmp_path: Path) -> None:
    """A file that differs from the one applied in nothing but a secret."""
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    box.file.write_text(WHOLE.replace("secret\\ du", "autre secret du"))
    assert box.provision() == []
    assert "psk=autre secret du" in (box.state / WIFI).read_text()
    assert "autre" not in box.file.read_text()


def test_a_network_can_be_given_up(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    box.provision()
    box.file.write_text('[wifi]\nname = ""\n')
    box.provision()
    assert not (box.state / WIFI).exists()
    assert (box.state / CABLE).exists()


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
     (b"", "cp1252")],
)  # fmt: skip
def test_what_notepad_writes(tmp_path: Path, mark: bytes, encoding: str) -> None:
    box = new(tmp_path / "box", mark + WHOLE.replace("\n", "\r\n").encode(encoding))
    assert box.provision() == []
    assert own(box)["school"] == {"name": "École Jules-Ferry"}
    left = box.file.read_bytes()
    assert left.startswith(mark)
    text = left[len(mark) :].decode(encoding)
    assert not any(secret in text for secret in SECRETS)
    assert text.count("\r\n") == text.count("\n") == WHOLE.count("\n")
    assert own(box)["teacher"] == {"passphrase_hash": PHC}


def test_a_message_beside_the_file_goes_when_the_file_is_right(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE.replace("address = ", "adress = "))
    before = box.file.read_bytes()
    [told] = box.provision()
    assert "cable.adress is unknown: did you mean address?" in told
    said = box.errors.read_bytes()
    assert said.startswith(codecs.BOM_UTF8)
    text = said.decode("utf-8-sig")
    assert "La boîte n’a pas pu utiliser cartable.toml" in text
    assert "cable.adress" in text
    assert text.count("\n") == text.count("\r\n") > 3
    assert box.file.read_bytes() == before
    assert not (box.state / "cartable.toml").exists()
    assert not (box.state / "network").exists()
    stamp = box.errors.stat().st_mtime_ns
    box.provision()
    assert box.errors.stat().st_mtime_ns == stamp
    box.file.write_text(WHOLE)
    assert box.provision() == []
    assert not box.errors.exists()


def test_the_message_speaks_the_language_of_the_file(tmp_path: Path) -> None:
    box = new(tmp_path / "box", '[box]\nlanguage = "en"\nname = "Ma Boîte"\n')
    box.provision()
    assert "The box could not use cartable.toml" in box.errors.read_text()


BAD: dict[str, tuple[str | bytes, str]] = {
    "no-toml": ("[box\n", "is not valid TOML"),
    "long-number": ("x = " + "1" * 5000, "is not valid TOML"),
    "deep": ("x = " + "[" * 30_000, "is not valid TOML"),
    "endless-key": ("a" + ".a" * 30_000 + " = 1", "line 1 is longer than 1000 characters"),
    "large": ("#" * 70_000, "larger than 64 KB"),
    "binary": (b"\0\1\2\3", "no text file"),
    "utf-16-without-mark": ("[box]".encode("utf-16-le"), "no text file"),
    "half-utf-16": (codecs.BOM_UTF16_LE + b"[", "no text file"),
    "table": ('[boite]\nname = "x"\n', "[boite] is unknown"),
    "near-table": ('[schol]\nname = "x"\n', "[schol] is unknown: did you mean school?"),
    "no-table": ('name = "x"\n', "must stand in a [table]"),
    "array": ('[[wifi]]\nname = "x"\n', "must stand in a [table]"),
    "type": ("[box]\nname = 3\n", "box.name must be str"),
    "host": ('[box]\nname = "Ma boîte"\n', "box.name cannot be"),
    "language": ('[box]\nlanguage = "de"\n', "box.language cannot be"),
    "zone": ('[box]\ntime_zone = "../../etc/passwd"\n', "box.time_zone cannot be"),
    "zone-folder": ('[box]\ntime_zone = "Europe"\n', "box.time_zone cannot be"),
    "school": ('[school]\nname = "a\\u0000b"\n', "school.name cannot be"),
    "clear": ('[teacher]\npassphrase = "un deux trois quatre"\n', "must not hold the teacher's passphrase itself"),
    "clear-hash": ('[teacher]\npassphrase_hash = "un deux"\n', "must not hold the teacher's passphrase itself"),
    "cut-hash": ('[teacher]\npassphrase_hash = "$argon2id$v=19$m=19456"\n', "cannot be used"),
    "costly-hash": (f'[teacher]\npassphrase_hash = "{PHC.replace("19456", "9999999")}"\n', "cannot be used"),
    "short-key": ('[wifi]\nname = "x"\npassphrase = "1234567"\n', "8 to 63 characters"),
    "no-key": ('[wifi]\nname = "x"\n', "the passphrase of the Wi-Fi “x” is missing"),
    "long-name": (f'[wifi]\nname = "{"é" * 17}"\npassphrase = ""\n', "wifi.name cannot be"),
    "inline": ('wifi = {name = "x", passphrase = "12345678"}\n', "on a line of its own"),
    "block": ('[wifi]\nname = "x"\npassphrase = """12345678"""\n', "on a line of its own"),
    "dotted": ('wifi.passphrase = "12345678"\n', "on a line of its own"),
    "hotspot": ('[access_point]\nname = "x"\n', "cannot make a Wi-Fi network of its own"),
    "method": ('[cable]\nmethod = "auto"\n', "cable.method cannot be"),
    "dhcp": ('[cable]\naddress = "192.168.1.10/24"\n', "the network gives the address"),
    "bare": ('[cable]\nmethod = "static"\naddress = "192.168.1.10"\n', "cable.address cannot be"),
    "broadcast": ('[cable]\nmethod = "static"\naddress = "192.168.1.255/24"\n', "cable.address cannot be"),
    "gateway": ('[cable]\nmethod = "static"\naddress = "192.168.1.9/24"\ngateway = "10.0.0.1"\n', "cable.gateway"),
    "dns": ('[cable]\ndns = "google"\n', "cable.dns cannot be"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_and_nothing_is_applied(tmp_path: Path, name: str) -> None:
    text, said = BAD[name]
    box = new(tmp_path / "box", text)
    [told] = box.provision()
    assert said in told
    assert not (box.state / "cartable.toml").exists()
    assert not (box.state / "network").exists()
    assert box.errors.exists()
    assert str((box.state / "localtime").readlink()).endswith("Europe/Paris")


def test_the_ending_that_windows_hides(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    (box.boot / "cartable.toml.txt").write_text(WHOLE)
    assert "take the .txt off its name" in box.provision()[0]
    (box.boot / "cartable.toml.txt").rename(box.file)
    assert box.provision() == []


def test_a_folder_of_networks_that_a_service_made_is_refused(tmp_path: Path) -> None:
    box = new(tmp_path / "box", WHOLE)
    (tmp_path / "elsewhere").mkdir()
    (box.state / "network").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CartableError, match="was not made by the box"):
        box.provision()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    """Nobody has root write elsewhere."""
    box, victim = new(tmp_path / "box", WHOLE), tmp_path / "victim"
    victim.write_text("")
    (box.state / "cartable.toml").symlink_to(victim)
    box.provision()
    assert victim.read_text() == ""
    assert not (box.state / "cartable.toml").is_symlink()


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e400", "1e16", "0.5"])
def test_a_number_of_its_own_stays_one(tmp_path: Path, number: str) -> None:
    box = new(tmp_path / "box", WHOLE)
    (box.state / "cartable.toml").write_text(f"[search]\ntime_limit_s = {number}\n")
    assert box.provision() == []
    assert repr(own(box)["search"]["time_limit_s"]) == repr(float(number))


def test_a_boot_partition_that_cannot_be_read_stops_nothing_else(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    box.file.mkdir()
    with pytest.raises(StorageError, match="could not be prepared"):
        box.provision()
    assert identity_file.read(box.state / "identity.json")
    assert str((box.state / "localtime").readlink()).endswith("Europe/Paris")


@pytest.mark.parametrize("name", ["identity.json", "cartable.toml"])
def test_a_pipe_that_a_service_left_keeps_nobody_waiting(tmp_path: Path, name: str) -> None:
    box = new(tmp_path / "box", WHOLE)
    os.mkfifo(box.state / name)
    (box.state / ".folder.part").mkdir()
    assert box.provision() == []
    assert (box.state / name).is_file()
    assert own(box)["box"]["name"] == "cartable-2"


@pytest.mark.parametrize("zone", ["../../../var/lib/cartable/pipe", "/etc/shadow", "Mars/Olympus"])
def test_the_time_zone_leads_nowhere_else_whoever_wrote_it(tmp_path: Path, zone: str) -> None:
    box = new(tmp_path / "box")
    (box.state / "cartable.toml").write_text(f'[box]\ntime_zone = "{zone}"\n')
    with pytest.raises(ConfigError, match=r"box\.time_zone cannot be"):
        box.provision()
    assert not (box.state / "localtime").is_symlink()


def test_the_identity_is_made_once(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    box.provision()
    first = identity_file.read(box.state / "identity.json")
    assert first is not None
    assert (first.offered, first.former) == (None, ())
    box.provision()
    assert identity_file.read(box.state / "identity.json") == first
    assert "board-1" not in (box.state / "identity.json").read_text()


def test_a_copy_is_offered_another_once(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    box.provision()
    first = identity_file.read(box.state / "identity.json")
    box.machine("board-2", "card-1")  # the same card in another board
    box.provision()
    moved = identity_file.read(box.state / "identity.json")
    assert first is not None
    assert moved is not None
    assert (moved.own.box, moved.offered) == (first.own.box, None)
    box.machine("board-2", "card-2")
    box.provision()
    copied = identity_file.read(box.state / "identity.json")
    box.provision()
    assert copied is not None
    assert copied.offered is not None
    assert identity_file.read(box.state / "identity.json") == copied
    assert identity.moved(box.place())
    box.provision()
    after = identity_file.read(box.state / "identity.json")
    assert after is not None
    assert (after.own.box, after.offered) == (first.own.box, None)
    assert not identity.moved(box.place())


def test_a_damaged_identity_is_set_aside(tmp_path: Path) -> None:
    box = new(tmp_path / "box")
    (box.state / "identity.json").write_text("{")
    box.provision()
    assert identity_file.read(box.state / "identity.json")
    assert (box.state / "identity.json.damaged").read_text() == "{"
