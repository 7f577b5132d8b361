# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one error tree.

Every error that a person may read is a :class:`CartableError`: an English gettext message id that says what
happened *and what to do*, with named parameters, so that pages, API and command line show it in the reader's
language. Each class is also the builtin a library user would expect to catch.
"""

from __future__ import annotations

from collections.abc import Callable


class Text(str):
    """A parameter that is a gettext message id itself: it is shown in the language of its sentence."""

    __slots__ = ()


_REASONS = (
    Text("No such file or directory"),
    Text("Permission denied"),
    Text("Operation not permitted"),
    Text("Input/output error"),
    Text("Is a directory"),
    Text("Not a directory"),
    Text("File name too long"),
    Text("Too many levels of symbolic links"),
    Text("Device or resource busy"),
    Text("Invalid argument"),
    Text("Transport endpoint is not connected"),
)
"""Marked for translation: the likely words of the system. Others stay as the system says them."""


def reason(error: OSError) -> Text:
    """Why the system refused, as a parameter of a sentence."""
    return Text(error.strerror or error)


class CartableError(Exception):
    """An error with a sentence for people.

    ``message`` is a gettext message id; ``params`` fill its ``%(name)s`` fields; those that are :class:`Text` or
    errors themselves are put into the reader's language too. ``status`` is the HTTP status that
    the hub answers with when the error reaches a page or the API.
    """

    status = 500

    def __init__(self, message: str, /, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.localized(lambda text: text)

    def localized(self, gettext: Callable[[str], str]) -> str:
        """The sentence in the language of ``gettext``."""
        text = gettext(self.message)
        return text % {name: _told(value, gettext) for name, value in self.params.items()} if self.params else text


def _told(value: object, gettext: Callable[[str], str]) -> object:
    if isinstance(value, CartableError):
        return value.localized(gettext)
    return gettext(value) if isinstance(value, Text) and value else value


class ConfigError(CartableError, ValueError):
    """The configuration cannot be used: unknown key, wrong type, value out of range."""


class BadInput(CartableError, ValueError):
    """What was given cannot be accepted: a corrupt file, a wrong type, a malformed request."""

    status = 400


class Unsupported(BadInput):
    """A well-formed thing of a kind that the box does not take."""

    status = 415


class TooLarge(BadInput):
    """Over a limit that protects the box."""

    status = 413


class NotFound(CartableError, LookupError):
    """No such resource, pupil, lesson or page."""

    status = 404


class Refused(CartableError, PermissionError):
    """The person or process may not do this."""

    status = 403


class Unauthenticated(Refused):
    """Nobody known asks: no credentials, or wrong or revoked ones."""

    status = 401


class Locked(Refused):
    """The vault of this class is closed: its teacher's PIN or passphrase opens it."""

    status = 423


class Conflict(CartableError, RuntimeError):
    """The same identifier already means something else."""

    status = 409


class PreconditionFailed(Conflict):
    """The thing is no longer as the request says that it must be (``If-Match``, ``If-None-Match``)."""

    status = 412


class Busy(CartableError, TimeoutError):
    """The service is overloaded or did not answer in its time; trying again later is right."""

    status = 503


class StorageError(CartableError, OSError):
    """The disk is full, read-only or failing; nothing was lost."""

    status = 507


class Damaged(CartableError, OSError):
    """Stored bytes are not the bytes that were stored."""

    status = 500


class Unreachable(CartableError, ConnectionError):
    """The other side (a network address, another service of the box) does not answer."""

    status = 502
