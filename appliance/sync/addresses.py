# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Which addresses the box may download from."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from appliance.errors import BadInput

MAX_CHARACTERS = 2000


def checked_url(url: str) -> str:
    """``url`` without its fragment. Raises :class:`BadInput` unless it is a plain http or https address."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(text) > MAX_CHARACTERS or any(c.isspace() or not c.isprintable() for c in text):
        raise BadInput("%(url)s is not a web address: it must start with http:// or https://.", url=text[:200])
    if parts.username or parts.password:
        raise BadInput("An address with a password in it is refused: it would be kept in the clear.")
    return urlunsplit(parts._replace(fragment=""))


def checked_redirect(source: str, location: str) -> str:
    """Where ``source`` sends us. Raises :class:`BadInput` for another scheme, or from https back to http."""
    target = checked_url(urljoin(source, location))
    if urlsplit(source).scheme == "https" and urlsplit(target).scheme == "http":
        raise BadInput("%(url)s sends to an address without encryption: refused.", url=shown(source))
    return target


def shown(url: str) -> str:
    """For messages: without the query, which may hold a token."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
