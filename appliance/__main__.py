# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``python -m appliance``: the console script ``cartable``.

Worker words come first and import nothing else: they start often, on a small computer.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the word named on the command line; returns the exit code."""
    arguments = sys.argv[1:]
    word = arguments[0] if arguments else ""
    if word == "import-worker":
        from appliance import box

        return box.import_worker(arguments[1:])
    if word == "medium-worker":
        from appliance import box

        return box.medium_worker(arguments[1:])
    if word == "speech-worker":
        from appliance import box

        return box.speech_worker(arguments[1:])
    if word == "captions-worker":
        from appliance import box_studio

        return box_studio.captions_worker(arguments[1:])
    from appliance import cli

    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
