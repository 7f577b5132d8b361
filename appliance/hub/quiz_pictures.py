# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures of quizzes: animals of OpenMoji, and pictures that teachers added to the library.

Those of the library come as one picture for the whole page (``covers.py``), whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import g
from markupsafe import Markup

from appliance.hub import animals, covers, labels
from appliance.hub.assets import animal
from appliance.hub.context import hub
from appliance.model import Question

LIBRARY = "library:"
"""What a picture of the library begins with; then :func:`appliance.hub.covers.key`."""
MOST_LISTED = 40


def names() -> dict[str, str]:
    """Picture -> its name in the page's language: the animals, then the latest pictures of the library."""
    known = animals.shown()
    mine = [resource for resource in hub().library.list() if resource.format == "image" and covers.key(resource)]
    for resource in mine[-MOST_LISTED:]:
        known[LIBRARY + covers.key(resource)] = labels.title(resource)
    return known


def expect(questions: Iterable[Question]) -> None:
    """Say which questions this page shows, before :func:`picture`."""
    every = (choice.image for asked in questions for choice in (*asked.choices, *asked.targets))
    images = [*(asked.image for asked in questions), *every]
    keys = dict.fromkeys(image.removeprefix(LIBRARY) for image in images if image and image.startswith(LIBRARY))
    g.quiz_covers = list(keys)[: covers.MOST]


def picture(image: str) -> Markup:
    """A picture, silent: its words stand beside it. Empty for one that this page did not expect."""
    if not image.startswith(LIBRARY):
        return animal(image)
    keys: list[str] = g.get("quiz_covers", [])
    key = image.removeprefix(LIBRARY)
    if key not in keys:
        return Markup()
    cell = f"0 {keys.index(key) * covers.HEIGHT} {covers.WIDTH} {covers.HEIGHT}"
    return Markup(
        '<svg class="animal photo" viewBox="{}" aria-hidden="true"><image href="{}" width="{}" height="{}"/></svg>'
    ).format(cell, covers.sheet_url(keys), covers.WIDTH, len(keys) * covers.HEIGHT)
