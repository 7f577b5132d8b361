# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Signed session cookies that no clock can void."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeSerializer

_JSON = TaggedJSONSerializer()


class Sessions(SecureCookieSessionInterface):
    """Flask's own, without the time of signing.

    Flask drops a cookie that was signed in the future or more than a month ago. A box without a clock of its own starts
    in the past and is set right in the middle of a lesson, or set back: nobody may be thrown out for that. Sessions end
    with the lesson, half a day after the teacher's sign-in, or when the browser closes.
    """

    def get_signing_serializer(self, app: Flask) -> Any:
        """What writes and reads the cookie; None without a secret."""
        if not app.secret_key:
            return None
        return _Signed(
            app.secret_key,
            salt=self.salt,
            serializer=_JSON,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": hashlib.sha256},
        )


class _Signed(URLSafeSerializer):
    def loads(self, s: str | bytes, salt: str | bytes | None = None, **_: Any) -> Any:
        """The ``max_age`` that Flask gives is left out: there is no age here."""
        return super().loads(s, salt)
