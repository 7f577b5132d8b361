# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The xAPI data model (1.0.3 and IEEE 9274.1.1-2023, "2.0"): pure functions over JSON, no I/O."""
