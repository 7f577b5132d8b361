# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Classes and need groups of a running box, made as its own services could; asking again changes nothing."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.rigs.box import Box

NEED = "Groupe de lecture"


def need_group(box: Box) -> str:
    """The id of a need group with three pupils of the first class."""
    if not box.rows("SELECT id FROM school_group WHERE name = ?", NEED):
        home = box.rows("SELECT id FROM school_group ORDER BY rowid LIMIT 1")[0]["id"]
        _post(box, "/enseignant/classes/groupe", ("name", NEED))
        pupils = box.rows("SELECT id FROM pupil WHERE school_group = ? ORDER BY position LIMIT 3", home)
        chosen = [("pupil", row["id"]) for row in pupils]
        _post(box, f"/enseignant/classes/{_id(box)}/membres", ("home", home), *chosen)
    return _id(box)


def _id(box: Box) -> str:
    return str(box.rows("SELECT id FROM school_group WHERE name = ?", NEED)[0]["id"])


def _post(box: Box, path: str, *fields: tuple[str, str]) -> None:
    answer = box.client.request(
        "POST", path, body=urlencode(fields).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 303, answer
