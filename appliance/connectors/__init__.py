# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Services and file formats of the outside world, one room each. They know no service, no store, no page."""
