# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's library: what is on the box, what comes in, cards, removal. Every form works without JavaScript."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, Busy, CartableError, NotFound
from appliance.hub import labels, shelf
from appliance.hub.auth import csrf_token
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import KEEPING, allowed
from appliance.hub.upload import Turns, Upload, received
from appliance.model import Resource, ResourceState
from appliance.store.import_jobs import ImportJob

pages = Blueprint("teacher_library", __name__, url_prefix="/enseignant/bibliotheque")

PER_PAGE = 12
FINISHED_SHOWN = 4
ACTIVE_SHOWN = 12
TEXTS = ("title", "description", "language", "subject", "mode", "licence", "author", "source")


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(sentence_of=sentence_of, is_there=is_there)
    state.app.extensions["uploads"] = Turns(state.app.extensions["cartable"].config.hub.threads)


def sentence_of(error: CartableError) -> str:
    """What an error says, in the page's language."""
    return error.localized(gettext)


def is_there(resource_id: str) -> bool:
    """Whether what an import brought is still on the box."""
    try:
        hub().library.get(resource_id)
    except NotFound:
        return False
    return True


def _jobs() -> tuple[list[ImportJob], bool]:
    """Imports worth showing (running ones, then the latest that ended) and whether any still runs."""
    every = hub().library.jobs()
    active = [job for job in every if not job.over][:ACTIVE_SHOWN]
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    ended = [job for job in every if job.over and job.created_at > since.isoformat()][:FINISHED_SHOWN]
    return active + ended, bool(active)


def _found(query: str, shown: Sequence[Resource]) -> tuple[list[shelf.Item], str]:
    if not query:
        return [shelf.item(resource) for resource in sorted(shown, key=lambda r: labels.title(r).casefold())], ""
    try:
        return shelf.found_items(query, shown, all_shown=False), ""
    except Busy as busy:
        return [], busy.localized(gettext)


@pages.get("")
@allowed(*KEEPING)
def library() -> str:
    """Cards, search, states and the imports that run."""
    everything = hub().library.list(include_damaged=True)
    wanted = request.args.get("etat", "")
    kept = {
        "abime": [r for r in everything if r.state is ResourceState.DAMAGED],
        "lien": [r for r in everything if r.blob is None],
    }
    query = request.args.get("q", "").strip()[: shelf.MAX_QUERY]
    items, trouble = _found(query, kept.get(wanted, everything))
    jobs, running = _jobs()
    return render_template(
        "library.html",
        shelf=shelf.page_of(items, request.args.get("page", 1, type=int), PER_PAGE),
        counts={"": len(everything), **{state: len(rows) for state, rows in kept.items()}},
        wanted=wanted if wanted in kept else "",
        query=query,
        trouble=trouble,
        jobs=jobs,
        running=running,
        kind_of=shelf.kind_of,
        address=lambda **changes: _address(query, wanted, changes),
    )


def _address(query: str, wanted: str, changes: dict[str, object]) -> str:
    asked = {name: str(value) for name, value in {"q": query, "etat": wanted, **changes}.items() if value}
    return url_for("teacher_library.library") + (f"?{urlencode(asked)}" if asked else "")


@pages.get("/imports")
@allowed(*KEEPING)
def imports() -> Response:
    """The fragment that htmx asks for every two seconds while imports run; 304 while nothing changed.

    Once all have ended, htmx loads the whole page again: the list below shows what came.
    """
    jobs, running = _jobs()
    answer = make_response(render_template("imports.html", jobs=jobs, running=running))
    answer.headers["Cache-Control"] = "private, no-cache"
    if not running and "HX-Request" in request.headers:
        answer.headers["HX-Refresh"] = "true"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:20])
    answer.make_conditional(request)
    return answer


def _form_page(status: int = 200, errors: Sequence[str] = ()) -> tuple[str, int]:
    page = render_template(
        "add.html",
        errors=errors,
        csrf=csrf_token(),
        suffixes=",".join((*hub().library.suffixes, ".vtt", ".srt")),
        limit=labels.size(hub().config.library.max_upload_mb << 20),
    )
    return page, status


@pages.get("/ajouter")
@allowed(*KEEPING)
def add_form() -> tuple[str, int]:
    """The upload form."""
    return _form_page()


@pages.post("/ajouter")
@allowed(*KEEPING)
def add() -> AnyResponse | tuple[str, int]:
    """Take files, queue their imports. The forgery token stands in the address: the body is read only once, here.

    A browser gets a page; a script that asks for JSON gets ``{"location": …, "errors": […]}``.
    """
    try:
        with received(request, hub().config, current_app.extensions["uploads"]) as upload:
            taken, errors = _submit(upload)
    except CartableError as error:
        taken, errors = 0, [error.localized(gettext)]
        status = error.status
    else:
        status = 400
    if taken:
        for sentence in errors[:5]:
            flash(sentence)
    there = url_for("teacher_library.library")
    if request.accept_mimetypes.best == "application/json":
        answer = jsonify(location=there if taken else None, errors=errors)
        answer.status_code = 200 if taken else status
        return answer
    return redirect(there, 303) if taken else _form_page(status, errors)


def _submit(upload: Upload) -> tuple[int, list[str]]:
    """Returns how many were queued, and a sentence for each file refused."""
    mains = upload.mains()
    if not mains:
        raise BadInput("Choose a file first, then press the button.")
    card = card_of(upload.fields)
    if len(mains) > 1:
        card.pop("title", None)
    errors: list[str] = []
    for main in mains:
        try:
            captions = upload.captions_of(main)
            hub().library.submit(main.path, filename=main.filename, card=card, captions=captions, move=True)
        except BadInput as error:
            errors.append(f"{main.filename}: {error.localized(gettext)}")
    return len(mains) - len(errors), errors


def card_of(fields: MultiDict[str, str]) -> dict[str, object]:
    """What was filled in. Raises :class:`BadInput` for a duration that is no number."""
    card: dict[str, object] = {name: fields[name].strip() for name in TEXTS if fields.get(name, "").strip()}
    if levels := fields.getlist("levels"):
        card["levels"] = levels
    if duration := fields.get("duration_minutes", "").strip():
        card["duration_minutes"] = _minutes(duration)
    return card


def _minutes(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadInput("The duration must be a whole number of minutes.")
    return int(text)


@pages.post("/lien")
@allowed(*KEEPING)
def add_link() -> AnyResponse | tuple[str, int]:
    """A card for something that stays on the internet."""
    try:
        resource = hub().library.add_link(request.form.get("url", "").strip(), card_of(request.form))
    except BadInput as error:
        return _form_page(error.status, [error.localized(gettext)])
    return redirect(url_for("teacher_library.card", resource_id=resource.id), 303)


def _card_page(resource: Resource, status: int = 200, error: str = "") -> tuple[str, int]:
    page = render_template("card.html", resource=resource, kind=shelf.kind_of(resource), error=error,
                           size=labels.size(resource.size))  # fmt: skip
    return page, status


@pages.get("/<resource_id>")
@allowed(*KEEPING)
def card(resource_id: str) -> tuple[str, int]:
    """The card, to be read and edited."""
    return _card_page(hub().library.get(resource_id))


@pages.post("/<resource_id>")
@allowed(*KEEPING)
def save(resource_id: str) -> AnyResponse | tuple[str, int]:
    """Lay the form over the card. An emptied title or duration goes back to the file's own."""
    form = request.form
    try:
        edits: dict[str, object] = {name: form.get(name, "").strip() for name in TEXTS if name in form}
        edits["levels"] = form.getlist("levels")
        duration = form.get("duration_minutes", "").strip()
        edits["duration_minutes"] = _minutes(duration) if duration else None
        hub().library.edit(resource_id, edits)
    except BadInput as error:
        return _card_page(hub().library.get(resource_id), error.status, error.localized(gettext))
    flash(gettext("The card is saved."))
    return redirect(url_for("teacher_library.library"), 303)


@pages.get("/<resource_id>/retirer")
@allowed(*KEEPING)
def ask_removal(resource_id: str) -> str:
    """Are you sure?"""
    return render_template("remove.html", resource=hub().library.get(resource_id))


@pages.post("/<resource_id>/retirer")
@allowed(*KEEPING)
def remove(resource_id: str) -> AnyResponse:
    """Take it off the box."""
    title = labels.title(hub().library.get(resource_id))
    hub().library.remove(resource_id)
    flash(gettext("“%(title)s” is no longer on the box.", title=title))
    return redirect(url_for("teacher_library.library"), 303)
