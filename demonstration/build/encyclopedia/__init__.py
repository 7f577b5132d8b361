# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rooms of ``make_zim.py``: one for each subject of the encyclopaedia, one for the file."""
