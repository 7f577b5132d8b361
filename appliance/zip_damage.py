# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What :mod:`zipfile` raises for a file that is damaged, cut or made to harm, whoever reads it."""

from __future__ import annotations

import struct
import zipfile
import zlib

ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, NotImplementedError)
"""Bad names are ValueErrors (UnicodeError among them), a compression that it lacks is the last one. A password is a
RuntimeError, which NotImplementedError is too: catch these first."""
