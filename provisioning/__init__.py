# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""First boot: partitions, identity, names, networks. Each step looks at its result, and may be cut off anywhere."""
