# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's signature: one Ed25519 key (RFC 8032), made once, and the public keys of other boxes.

Signatures and keys are lower-case hex. ``cryptography`` is loaded by the first signature, not by the hub's start.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from appliance.errors import Damaged
from appliance.store import settings
from appliance.store.db import Database

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_KEY_OF = "box_key "
"""Settings: with the name of a box, its public key."""


@dataclass(frozen=True, slots=True)
class Identity:
    """This box, able to sign."""

    box: str
    """UUID, the origin of its statements."""
    seed: bytes
    """The private key (RFC 8032, section 5.1.5): never leaves the state folder."""

    @property
    def key(self) -> str:
        """The public key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """The signature of ``message``: the same each time."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message).hex()


def identity(db: Database) -> Identity:
    """The box's own, made at the first call. Raises :class:`Damaged` when the key kept is not one."""
    kept = settings.once(db, "signing_key", lambda: secrets.token_hex(KEY_BYTES))
    seed = of_hex(kept, KEY_BYTES)
    if seed is None:
        raise Damaged("The key with which this box signs is damaged: restore the last backup.")
    return Identity(settings.box_id(db), seed)


def verified(key: str, signature: str, message: bytes) -> bool:
    """Whether the owner of the public ``key`` signed ``message``; nonsense is False, never an error."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public, signed = of_hex(key, KEY_BYTES), of_hex(signature, SIGNATURE_BYTES)
    if public is None or signed is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def known_key(db: Database, box: str, offered: str) -> str:
    """The public key by which ``box`` is known here: ``offered`` from now on, if it was not known yet.

    Trust on first use: a file that comes later with another key for the same box cannot speak for it. For a file of
    ``box`` itself only: what others say of its key is not to be believed.
    """
    own = identity(db)
    return own.key if box == own.box else settings.once(db, _KEY_OF + box, lambda: offered)


def key_of(db: Database, box: str) -> str | None:
    """The public key by which ``box`` is known here, None for a box whose own file never came."""
    own = identity(db)
    return own.key if box == own.box else settings.get(db, _KEY_OF + box)


def of_hex(text: str, size: int) -> bytes | None:
    """``size`` bytes written in lower-case hex, or None."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == size and found.hex() == text else None
