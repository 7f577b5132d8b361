# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one error tree.

Every error that a person may read is a :class:`CartableError`: an English gettext message id that says what
happened *and what to do*, with named parameters, so that pages, API and command line show it in the reader's
language. Each class is also the builtin a library user would expect to catch.
"""

from __future__ import annotations

from collections.abc import Callable


class CartableError(Exception):
    """An error with a sentence for people.

    ``message`` is a gettext message id; ``params`` fill its ``%(name)s`` fields. ``status`` is the HTTP status that
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
        return text % self.params if self.params else text


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
