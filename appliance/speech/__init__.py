# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Spoken English: what a pupil said, told by three gates (signal, content, focus) that are pure functions.

The design: ``docs/explanation/speech.md``.
"""
