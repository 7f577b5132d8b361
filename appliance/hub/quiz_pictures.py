# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures of quizzes: animals of OpenMoji, pictures of the library, and teachers' own.

Photos come as one picture for a part of the page (``quiz_sheet.py``), whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import g
from markupsafe import Markup

from appliance.hub import animals, covers, labels, quiz_media, quiz_sheet
from appliance.hub.assets import animal, icon
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.quiz_sheet import LIBRARY, Cell
from appliance.model import MINE, Question
from appliance.store import quiz_media as stored

MOST_LISTED = 40


def names() -> dict[str, str]:
    """Picture -> its name in the page's language: teachers' own, the animals, the latest pictures of the library."""
    known = {medium.reference: medium.name for medium in stored.every(hub().db, stored.PICTURE)}
    mine = [resource for resource in hub().library.list() if resource.format == "image" and covers.key(resource)]
    latest = {LIBRARY + covers.key(resource): labels.title(resource) for resource in mine[-MOST_LISTED:]}
    return {**known, **animals.shown(), **latest}


def of(question: Question) -> list[str]:
    """The keys of a question's photos, its own first."""
    small = [choice.image for choice in (*question.choices, *question.targets)]
    found = [quiz_sheet.key(question.image or "", "q"), *(quiz_sheet.key(image or "", "c") for image in small)]
    return [each for each in found if each]


def expect(parts: Iterable[Iterable[Question]]) -> None:
    """Say which questions each part of this page shows, before :func:`picture`."""
    g.quiz_cells = {}
    for questions in parts:
        new = [each for question in questions for each in of(question) if each not in g.quiz_cells]
        g.quiz_cells.update(quiz_sheet.cells(new))


def expect_small(images: Iterable[str]) -> None:
    """The same for pictures that are offered, each small."""
    g.quiz_cells = quiz_sheet.cells(quiz_sheet.key(image, "c") for image in images)


def sheets() -> list[str]:
    """The addresses of all that was expected."""
    cells: dict[str, Cell] = g.get("quiz_cells", {})
    return list(dict.fromkeys(cell.sheet for cell in cells.values()))


def picture(image: str, size: str = "c") -> Markup:
    """A picture, silent: its words stand beside it. Empty for one that this page did not expect."""
    key = quiz_sheet.key(image, size)
    return _photo(key, Markup('aria-hidden="true"')) if key else animal(image)


def _photo(key: str, told: Markup) -> Markup:
    cell: Cell | None = g.get("quiz_cells", {}).get(key)
    if cell is None:
        return Markup()
    return Markup(
        '<svg class="animal photo" viewBox="0 {} {} {}" {}><image href="{}" width="{}" height="{}"/></svg>'
    ).format(cell.top, cell.width, cell.height, told, cell.sheet, cell.sheet_width, cell.sheet_height)


def large(image: str) -> Markup:
    """The picture of a question: a teacher's own can be made larger, and says what it shows."""
    found = quiz_media.known(image)
    if found is None:
        return picture(image, "q") if not image.startswith(MINE) else Markup()
    told = Markup('role="img" aria-label="{}"').format(found.name)
    whole = Markup('<img src="{}" width="{}" height="{}" alt="{}" loading="lazy">').format(
        quiz_media.address(image), found.width, found.height, found.name
    )
    return Markup("<details><summary>{}<span>{}{}</span></summary>{}</details>").format(
        _photo(quiz_sheet.key(image, "q"), told), icon("zoom-in"), gettext("Larger, smaller"), whole
    )
