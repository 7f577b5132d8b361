# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drivers: one device or outside library each; known only by ``box``."""
