# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of the pages, in the language of the request. Dates and numbers load Babel, at the first that is shown: it
would take a fifth of the hub's start."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from flask import Flask, current_app, g, has_request_context

from appliance.i18n import plurals, translator

Selector = Callable[[], str]
"""The language of the current request, one of :data:`appliance.i18n.LANGUAGES`."""


def init(app: Flask, selector: Selector) -> None:
    """Let the pages of ``app``, and its templates (``_``, ``gettext``, ``ngettext``, ``{% trans %}``), speak it."""
    app.extensions["language"] = selector
    app.jinja_env.add_extension("jinja2.ext.i18n")
    install = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(lambda text: translator(language())(text), lambda one, many, n: plurals(language())(one, many, n), True)


def language() -> str:
    """That of the current request, asked for once; English, which needs no catalogue, outside one."""
    if not has_request_context():
        return "en"
    found: str | None = g.get("language")
    if found is None:
        found = g.language = str(current_app.extensions["language"]())
    return found


def gettext(message: str, **values: object) -> str:
    """``message`` in the request's language, with ``values`` filled in."""
    text = translator(language())(message)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form for ``num``, with it and ``values`` filled in."""
    return plurals(language())(one, many, num) % {"num": num, **values}


def format_date(date: datetime.date, kind: str) -> str:
    """``kind``: ``short`` or ``full``. A moment is taken as it stands."""
    from babel import dates

    return str(dates.format_date(date, kind, locale=language()))


def format_time(moment: datetime.datetime) -> str:
    """Hours and minutes, as they stand."""
    from babel import dates

    return str(dates.format_time(moment.replace(tzinfo=None), "short", locale=language()))


def format_datetime(moment: datetime.datetime, pattern: str) -> str:
    """By a pattern of Unicode's CLDR (``d MMM y, HH:mm``), as it stands."""
    from babel import dates

    return str(dates.format_datetime(moment.replace(tzinfo=None), pattern, locale=language()))


def format_decimal(number: float) -> str:
    """With the language's comma or point."""
    from babel import numbers

    return str(numbers.format_decimal(number, locale=language()))


def format_list(parts: Sequence[str]) -> str:
    """«a, b and c»."""
    from babel import lists

    return str(lists.format_list(parts, locale=language()))


def name_of(code: str) -> str:
    """A language by its BCP 47 ``code``, in itself; the code where it is not known."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code, sep="-").display_name or code
    except (ValueError, UnknownLocaleError):
        return code
