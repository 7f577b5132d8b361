# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Boxes to provision: folders for state, boot partition and machine. ``python -m tests.provisioning.boxes FOLDER`` is
``cartable provision box`` on one of them, in a process of its own, to be killed."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

from appliance.config import BoxConfig, Config
from appliance.errors import CartableError
from provisioning import steps
from provisioning.place import Place

PHC = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$B6v0H/lQ7mVQ3dhVn0Zk3TRgVxqQ8cV5Yf3pGJ1Zb0k"
WHOLE = f"""# La boîte de l’école
[box]
name = "cartable-2"  # sur l’étiquette
language = "fr"
time_zone = "Indian/Reunion"

[school]
name = "École Jules-Ferry"

[teacher]
passphrase_hash = "{PHC}"

[wifi]
name = "Ecole Wi-Fi"
passphrase = 'secret\\ du "réseau'  # à effacer

[cable]
method = "static"
address = "192.168.1.10/24"
gateway = "192.168.1.1"
dns = "192.168.1.1 9.9.9.9"
""".replace("réseau", "reseau")
SECRETS = (PHC, 'secret\\ du "reseau')


@dataclasses.dataclass(frozen=True)
class Folders:
    """One box."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def boot(self) -> Path:
        return self.folder / "boot"

    @property
    def file(self) -> Path:
        return self.boot / "cartable.toml"

    @property
    def errors(self) -> Path:
        return self.boot / "cartable-erreur.txt"

    def place(self) -> Place:
        config = Config(BoxConfig(state=self.state, run=self.folder / "run"))
        return Place(config, self.boot, (os.geteuid(), os.getegid()), self.folder / "root")

    def machine(self, board: str, card: str) -> None:
        """What the serial numbers are."""
        device = self.state.stat().st_dev
        for path, text in (
            ("proc/device-tree/serial-number", f"{board}\0"),
            (f"sys/dev/block/{os.major(device)}:{os.minor(device)}/cid", ""),
            ("sys/dev/block/device/cid", f"{card}\n"),
        ):
            file = self.folder / "root" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def provision(self) -> list[str]:
        """What it said of the file."""
        told: list[CartableError] = []
        steps.provision(self.place(), told.append, host_name=False)
        return [str(error) for error in told]

    def killed_at(self, number: int, log: Path) -> int:
        """The exit code of a process that dies at a step (0: at none)."""
        return subprocess.run(
            [sys.executable, "-m", "tests.provisioning.boxes", str(self.folder)],
            env={**os.environ, "CARTABLE_FAIL_AT": f"{number}:{log}"}, check=False,
        ).returncode  # fmt: skip


def new(folder: Path, text: str | bytes | None = None) -> Folders:
    made = Folders(folder)
    for each in (made.state, made.boot, folder / "root/usr/share"):
        each.mkdir(parents=True)
    (folder / "root/usr/share/zoneinfo").symlink_to("/usr/share/zoneinfo")
    made.machine("board-1", "card-1")
    if text is not None:
        made.file.write_bytes(text.encode() if isinstance(text, str) else text)
    return made


if __name__ == "__main__":
    Folders(Path(sys.argv[1])).provision()
