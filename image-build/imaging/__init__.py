# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The recipe of the SD image: ``make image``, ``make image-lock``, ``make image-test``."""
