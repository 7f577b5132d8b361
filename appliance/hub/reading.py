# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/lire/<id>``: one resource, opened where asked. Its bytes and scripts stay on the second origin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, urlencode

from flask import Blueprint, render_template, request

from appliance.errors import Damaged, NotFound
from appliance.hub import labels, launch
from appliance.hub.assets import content_origin, static_url
from appliance.hub.auth import is_teacher
from appliance.hub.context import hub
from appliance.hub.pupils import current_lesson, current_pupil
from appliance.hub.settings import language, reading_profile
from appliance.model import Resource, ResourceState

pages = Blueprint("reading", __name__)

MAX_ANCHOR = 2000
FRAMED = ("zim", "web_bundle", "epub", "pdf")
OURS = ("epub", "pdf")
"""Formats that our own readers show; these tell the page where the pupil stands."""


@dataclass(frozen=True, slots=True)
class Track:
    """Captions of a video or a sound."""

    href: str
    language: str
    label: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A piece that opens without JavaScript."""

    title: str
    href: str


def blob_url(resource: Resource, path: str) -> str:
    """The address of a file of the blob on the content origin."""
    return f"{content_origin()}/blob/{resource.blob}/{quote(path)}"


def download_url(resource: Resource) -> str:
    """The address that saves the original under the name it came with."""
    suffix = PurePosixPath(resource.filename).suffix[1:].lower() or PurePosixPath(resource.entry).suffix[1:].lower()
    name = resource.filename or f"{resource.id}.{suffix}"
    return f"{content_origin()}/download/{resource.blob}/{quote(suffix)}/{quote(name, safe='')}"


def frame_url(resource: Resource, anchor: str, query: str = "") -> str:
    """What the frame opens; empty for what needs none. ``query``: what a web bundle's page is told."""
    if resource.format == "zim":
        return f"{content_origin()}/zim/{resource.blob}/{_path_and_fragment(anchor or resource.entry)}"
    if resource.format == "web_bundle":
        root = str(resource.details.get("root", "")).strip("/")
        path = f"{root}/{anchor}".lstrip("/") if _inside(anchor) else resource.entry
        return f"{content_origin()}/blob/{resource.blob}/{_path_and_fragment(path, query)}"
    if resource.format in OURS:
        told = {"hub": _own_origin(), "blob": resource.blob, "entry": resource.entry, "a": anchor, "lang": language(),
                "look": reading_profile().classes, "title": labels.title(resource)}  # fmt: skip
        reader = static_url(f"readers/{resource.format}.html")
        return f"{content_origin()}{reader}#{urlencode({k: v or '' for k, v in told.items()}, quote_via=quote)}"
    return ""


def _own_origin() -> str:
    return f"{request.headers.get('X-Forwarded-Proto', 'http')}://{request.host}"


def _inside(anchor: str) -> bool:
    """Whether the anchor of a web bundle stays within its files."""
    path = anchor.partition("#")[0]
    return bool(path) and ".." not in path.split("/")


def _path_and_fragment(anchor: str, query: str = "") -> str:
    path, mark, fragment = anchor.partition("#")
    return quote(path.lstrip("/")) + (f"?{query}" if query else "") + (f"#{quote(fragment)}" if mark else "")


def tracks(resource: Resource) -> list[Track]:
    """Captions of the blob, as the import found them."""
    found = resource.details.get("captions", ())
    listed = [caption for caption in found if isinstance(caption, Mapping)] if isinstance(found, list | tuple) else []
    return [
        Track(
            blob_url(resource, str(caption["path"])),
            str(caption.get("language") or resource.card.language or language()),
            str(caption.get("label") or caption.get("language") or ""),
        )
        for caption in listed
    ]


def chapters(resource: Resource) -> list[Chapter]:
    """The parts of a book as plain links."""
    found = resource.details.get("chapters", ())
    listed = [chapter for chapter in found if isinstance(chapter, Mapping)] if isinstance(found, list | tuple) else []
    return [
        Chapter(str(chapter.get("title") or chapter["href"]), f"{content_origin()}/blob/{resource.blob}/"
                + _path_and_fragment(f"files/{chapter['href']}"))
        for chapter in listed if chapter.get("href")
    ]  # fmt: skip


def _seconds(anchor: str) -> float | None:
    try:
        seconds = float(anchor)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _media_url(resource: Resource, anchor: str) -> str:
    """With a media fragment, so that the player seeks without JavaScript too."""
    seconds = _seconds(anchor)
    return blob_url(resource, resource.entry) + (f"#t={seconds:g}" if seconds else "")


def _launched(resource: Resource) -> tuple[str, str]:
    """The query and the name of the frame. An xAPI package reports for a pupil in a lesson that is kept, and for
    nobody else."""
    told = resource.details.get("xapi")
    if not isinstance(told, Mapping):
        return "", ""
    own = quote(str(told.get("query") or ""), safe="=&%+")
    lesson, pupil = current_lesson(), current_pupil()
    if lesson is None or pupil is None or not lesson.kept:
        return own, "launch"
    said = launch.parameters(resource, lesson, pupil, content_origin(), language())
    return f"{own}&{said}" if own else said, launch.frame_name(lesson, pupil)


@pages.get("/lire/<resource_id>")
def read(resource_id: str) -> str:
    """The reader page. ``a``: the anchor, as the search gave it; what is no anchor opens at the start."""
    resource = hub().library.get(resource_id)
    if resource.state is ResourceState.DAMAGED and not is_teacher():
        raise Damaged("This resource is damaged: tell your teacher, who can add it again.")
    anchor = request.args.get("a", "")[:MAX_ANCHOR]
    pupil, lesson = current_pupil(), current_lesson()
    if lesson is not None and not lesson.allows("resource", resource.id) and not is_teacher():
        raise NotFound("This lesson does not hold that resource: go back to the shelf.")
    query, frame_name = _launched(resource)
    return render_template(
        "read.html",
        resource=resource,
        title=labels.title(resource),
        kind=resource.format if resource.blob else "link",
        anchor=anchor,
        frame=frame_url(resource, anchor, query) if resource.format in FRAMED else "",
        frame_name=frame_name,
        trusted_frame=resource.format in OURS,
        media=_media_url(resource, anchor) if resource.format in ("video", "audio") else "",
        picture=blob_url(resource, resource.entry) if resource.format == "image" else "",
        download=download_url(resource) if resource.blob else "",
        original=blob_url(resource, resource.entry) if resource.format == "pdf" else "",
        tracks=tracks(resource),
        chapters=chapters(resource),
        place=f"cartable.place.{pupil.id if pupil else ''}.{resource.id}",
        size=labels.size(resource.size),
    )
