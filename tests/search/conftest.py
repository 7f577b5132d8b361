# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The shelf's fixtures."""

from tests.search.library import index, shelf

__all__ = ["index", "shelf"]
