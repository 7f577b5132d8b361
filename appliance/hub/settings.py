# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/reglages``: language and reading profile (a setting of the tablet, never a diagnosis); ``/credits``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from appliance.hub import profiles
from appliance.hub.assets import STATIC
from appliance.hub.context import hub
from appliance.hub.language import gettext as _
from appliance.i18n import LANGUAGES, N_

pages = Blueprint("settings", __name__)

LANGUAGE_COOKIE = "cartable_langue"
PROFILE_COOKIE = "cartable_lecture"
LONGEST_PATH = 1000
YEAR_S = 365 * 24 * 3600

THEMES = {"": N_("As the tablet"), "light": N_("Light"), "dark": N_("Dark"), "contrast": N_("Strong contrast")}
SPACINGS = {"": N_("Normal"), "dys": N_("Wide (DYS)")}
SIZES = {"": N_("Normal"), "big": N_("Big"), "huge": N_("Very big")}
FONTS = {
    "": N_("Of the tablet"),
    "atkinson": "Atkinson Hyperlegible",
    "andika": "Andika",
    "lexend": "Lexend",
    "opendyslexic": "OpenDyslexic",
}
LANGUAGE_NAMES = {"fr": "Français", "en": "English"}
"""Each in its own language; shown with its ``lang``."""


@dataclass(frozen=True, slots=True)
class ReadingProfile:
    """How this tablet shows text. Empty: as the page was drawn."""

    theme: str = ""
    spacing: str = ""
    size: str = ""
    font: str = ""

    @property
    def classes(self) -> str:
        """Classes of the ``<html>`` element, also understood by the readers of the content origin."""
        kinds = (("theme", self.theme), ("space", self.spacing), ("size", self.size), ("font", self.font))
        return " ".join(f"{kind}-{value}" for kind, value in kinds if value)

    @property
    def cookie(self) -> str:
        """What :func:`parse_profile` reads back."""
        return ".".join((self.theme, self.spacing, self.size, self.font))


def parse_profile(text: str) -> ReadingProfile:
    """The profile of a cookie; whatever is unknown in it is left out, since a cookie comes from anywhere."""
    parts = [*text.split("."), "", "", "", ""][:4]
    known = (THEMES, SPACINGS, SIZES, FONTS)
    return ReadingProfile(*(part if part in names else "" for part, names in zip(parts, known, strict=True)))


def reading_profile() -> ReadingProfile:
    """That of the pupil who holds the tablet, else the tablet's own."""
    own = profiles.current().get(profiles.READING)
    return parse_profile(own if isinstance(own, str) else request.cookies.get(PROFILE_COOKIE, ""))


def language() -> str:
    """The page's language: the pupil's, else the tablet's, else the box's. For :mod:`appliance.hub.language`."""
    chosen = profiles.current().get(profiles.LANGUAGE) or request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else hub().config.box.language


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    """Give the templates ``language`` and ``reading_profile``."""
    state.app.jinja_env.globals.update(language=language, reading_profile=reading_profile)


def local_path(path: str) -> str:
    """``path`` when it is a page of this box, else the home page: a form field must not send people elsewhere."""
    if not path.isprintable() or len(path) > LONGEST_PATH:
        return "/"
    parts = urlsplit(path)
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if local else "/"


@pages.get("/reglages")
def show() -> str:
    """The form."""
    return render_template(
        "settings.html",
        chosen=reading_profile(),
        themes=THEMES,
        spacings=SPACINGS,
        sizes=SIZES,
        fonts=FONTS,
        languages=LANGUAGE_NAMES,
        back=local_path(request.args.get("retour", "/")),
    )


@pages.post("/reglages")
def save() -> AnyResponse:
    """Keep the choices for the pupil who holds the tablet, else in two cookies of it; go back where one came from."""
    form = request.form
    profile = parse_profile(".".join(form.get(key, "") for key in ("theme", "spacing", "size", "font")))
    answer = make_response(redirect(local_path(form.get("back", "/")), 303))
    spoken = form.get("language", "") if form.get("language", "") in LANGUAGES else ""
    if profiles.keep(profile.cookie, spoken):
        return answer
    _keep(answer, PROFILE_COOKIE, profile.cookie)
    if spoken:
        _keep(answer, LANGUAGE_COOKIE, spoken)
    return answer


def _keep(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="Strict")


@pages.get("/credits")
def credits() -> str:
    """Whose work is in the box: front-end libraries, pictures and fonts, then the resources on the box."""
    listed = tomllib.loads((STATIC / "vendor" / "VENDORED.toml").read_text(encoding="utf-8"))
    resources = [resource for resource in hub().library.list() if resource.card.licence or resource.card.author]
    return render_template("credits.html", title=_("Credits"), vendored=listed["library"], resources=resources)
