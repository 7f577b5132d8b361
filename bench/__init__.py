# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Side-by-side benchmarks against named peers; each prints ratios and writes `bench/results/<name>.json`."""
