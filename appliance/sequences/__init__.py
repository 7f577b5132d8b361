# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sequences of spoken English: what is in one, how its file is read, written and checked. Pure, but for :mod:`.shelf`.

Format: ``docs/reference/sequences.md``. The package stands at the model's floor: hub (paper, pages) and speech
(turns) both need it, and services never import one another.
"""
