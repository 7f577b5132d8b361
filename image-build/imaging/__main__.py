# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``python -m imaging build|test|lock|wheels``, started by the Makefile from the checkout."""

from __future__ import annotations

import argparse
from pathlib import Path

from imaging import resolve, trial, wheels
from imaging.build import Build

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m imaging")
    parser.add_argument("work", choices=["build", "test", "lock", "wheels"])
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "build/image", help="where everything is made")
    parser.add_argument("--release", action="store_true", help="compress with xz, smaller and slower")
    words = parser.parse_args()
    folder = words.folder.absolute()
    if words.work in ("lock", "wheels"):
        if words.work == "lock":
            resolve.main(CHECKOUT / "image-build", folder)
        text = wheels.lock(CHECKOUT / "requirements.lock", folder / "wheel-lock")
        (CHECKOUT / "image-build/wheels.lock").write_text(text)
    elif words.work == "test":
        raise SystemExit(0 if trial.main(Build(CHECKOUT, folder)) else 1)
    else:
        packed = Build(CHECKOUT, folder).run(words.release)
        print(f"{packed}: {packed.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
