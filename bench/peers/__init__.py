# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The programs that the box is measured beside, each set up by a script: anyone can repeat a figure."""
