# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""URL rules that are compiled for reading at the start, and for writing when a link is first made: werkzeug compiles
both at once, a tenth of the hub's start for addresses that most pages never name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class QuickRule(Rule):
    """As :class:`werkzeug.routing.Rule`."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def build(rule: Rule, /, **values: Any) -> Any:
            if not made:
                made.append(super(QuickRule, self)._compile_builder(append_unknown))
            return made[0](rule, **values)

        return build
