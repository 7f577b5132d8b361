# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sealing to a public key, and the three ways in which a person holds a private one: words, device and PIN, paper.

Pure functions over bytes. Keys are raw X25519 (RFC 7748), 32 bytes. Sealing is HPKE (RFC 9180, base mode, single
shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). ``info`` names the purpose and the owner, so that what was
sealed for one thing does not open as another. ``cryptography`` is loaded by the first use, not by the hub's start.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance import passphrase
from appliance.errors import BadInput, Damaged, Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

KEY_BYTES = 32
DEVICE_SECRET_BYTES = 32
PIN_DIGITS = 6
PAD_TO = 32
"""A name is sealed at a multiple of this length: its own length says much about it."""
SALT_BYTES = 16
_NONCE_BYTES = 12
_LABEL = b"cartable vault 1"

RECOVERY_BYTES = 16
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O, U."""
_READ_AS = str.maketrans("ILO", "110")
_CHECK_BITS = 12
RECOVERY_LETTERS = (RECOVERY_BYTES * 8 + _CHECK_BITS) // 5
"""28: seven groups of four."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and the public one that belongs to it."""

    private: bytes
    public: bytes

    def __repr__(self) -> str:
        return f"Pair(public={self.public.hex()})"


def pair() -> Pair:
    """A new one."""
    return of_private(secrets.token_bytes(KEY_BYTES))


def of_private(private: bytes) -> Pair:
    """The pair of a private key. Raises :class:`Damaged` for bytes that are not one."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    if len(private) != KEY_BYTES:
        raise _damaged()
    return Pair(private, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def seal(public: bytes, body: bytes, *, purpose: str, owner: str) -> bytes:
    """``body``, readable by who has the private key of ``public`` and knows purpose and owner: enc, then ciphertext.

    Raises :class:`Damaged` for bytes that are no public key.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        return bytes(_suite().encrypt(body, X25519PublicKey.from_public_bytes(public), _info(purpose, owner)))
    except ValueError as error:
        raise _damaged() from error


def unseal(private: bytes, sealed: bytes, *, purpose: str, owner: str) -> bytes:
    """What :func:`seal` took.

    Raises :class:`Damaged` for another key, purpose or owner, and for bytes that were changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        key = X25519PrivateKey.from_private_bytes(private)
        return bytes(_suite().decrypt(sealed, key, _info(purpose, owner)))
    except (InvalidTag, ValueError) as error:
        raise _damaged() from error


def padded(text: str) -> bytes:
    """UTF-8 and zeros up to a multiple of :data:`PAD_TO`; :func:`unpadded` reads it. The text holds no NUL."""
    body = text.replace("\0", "").encode("utf-8", "replace")
    return body.ljust(max(1, -(-len(body) // PAD_TO)) * PAD_TO, b"\0")


def unpadded(body: bytes) -> str:
    """The text of :func:`padded`."""
    return body.rstrip(b"\0").decode("utf-8", "replace")


Memo = dict[str, bytes]
"""Stretched keys by parameters, for one try at several wraps of the same parameters: Argon2id is computed once."""


def wrap_with_words(
    private: bytes, words: str, owner: str, *, salt: bytes | None = None, memo: Memo | None = None
) -> tuple[str, bytes]:
    """(parameters as JSON, ciphertext): a private key that the passphrase ``words`` opens.

    Takes a second and 32 MiB (Argon2id, :mod:`appliance.passphrase`). ``salt``: 16 bytes that several wraps share, so
    that one computation tries them all. Raises :class:`BadInput` for words that are too few or too long.
    """
    passphrase.check(words)
    return _wrap(private, _normalised(words), b"words", owner, salt, memo)


def unwrap_with_words(params: str, sealed: bytes, words: str, owner: str, *, memo: Memo | None = None) -> bytes:
    """The private key. Raises :class:`Refused` for other words, :class:`Damaged` for parameters that are none."""
    if len(words) > passphrase.LONGEST:
        raise _wrong()
    return _unwrap(params, sealed, _normalised(words), b"words", owner, memo)


def wrap_with_pin(private: bytes, device_secret: bytes, pin: str, owner: str) -> tuple[str, bytes]:
    """As :func:`wrap_with_words`, opened by the secret that a device keeps and the PIN, never by one of them alone.

    Raises :class:`BadInput` for a PIN that is not six digits, or too easy.
    """
    return _wrap(private, _digits(pin), _device(device_secret), owner)


def unwrap_with_pin(params: str, sealed: bytes, device_secret: bytes, pin: str, owner: str) -> bytes:
    """The private key. Raises as :func:`unwrap_with_words`."""
    return _unwrap(params, sealed, pin.encode("utf-8", "replace"), _device(device_secret), owner)


def recovery_key() -> str:
    """A new one, for paper: 128 random bits and 12 of check as seven groups of four."""
    return _written(secrets.token_bytes(RECOVERY_BYTES))


def recovery_pair(written: str) -> Pair:
    """The keys of a recovery key as somebody typed it; capitals, spaces and dashes do not matter.

    Raises :class:`BadInput` when it was mistyped.
    """
    letters = "".join(each for each in written.upper() if each.isalnum()).translate(_READ_AS)
    if len(letters) != RECOVERY_LETTERS or any(each not in _ALPHABET for each in letters):
        raise _mistyped()
    number = 0
    for each in letters:
        number = number << 5 | _ALPHABET.index(each)
    secret = (number >> _CHECK_BITS).to_bytes(RECOVERY_BYTES)
    if _check(secret) != number & (1 << _CHECK_BITS) - 1:
        raise _mistyped()
    return of_private(_stretched(secret, _LABEL, b"recovery"))


def _written(secret: bytes) -> str:
    number = int.from_bytes(secret) << _CHECK_BITS | _check(secret)
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(RECOVERY_LETTERS)))
    return "-".join(letters[start : start + 4] for start in range(0, RECOVERY_LETTERS, 4))


def _check(secret: bytes) -> int:
    return int.from_bytes(hashlib.sha256(_LABEL + b" check" + secret).digest()[:2]) >> 16 - _CHECK_BITS


def _digits(pin: str) -> bytes:
    if not (pin.isascii() and pin.isdigit() and len(pin) == PIN_DIGITS):
        raise BadInput("A PIN is six digits.")
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    if len(set(pin)) < 3 or len(steps) == 1:
        raise BadInput("This PIN is too easy to guess: choose other digits.")
    return pin.encode()


def _device(secret: bytes) -> bytes:
    if len(secret) != DEVICE_SECRET_BYTES:
        raise _wrong()
    return b"device" + secret


def _normalised(words: str) -> bytes:
    return passphrase.normalised(words).encode("utf-8", "replace")


def _wrap(
    private: bytes, known: bytes, context: bytes, owner: str, salt: bytes | None = None, memo: Memo | None = None
) -> tuple[str, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = salt or secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    params = json.dumps({"kdf": "argon2id", "m": passphrase.MEMORY_KIB, "t": passphrase.PASSES, "salt": salt.hex()})
    key = _wrapping_key(params, known, context, memo)
    return params, nonce + AESGCM(key).encrypt(nonce, private, _info("wrap", owner))


def _unwrap(params: str, sealed: bytes, known: bytes, context: bytes, owner: str, memo: Memo | None = None) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = _wrapping_key(params, known, context, memo)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _info("wrap", owner))
    except (InvalidTag, ValueError) as error:
        raise _wrong() from error


def _wrapping_key(params: str, known: bytes, context: bytes, memo: Memo | None) -> bytes:
    if memo is not None and params in memo:
        return memo[params]
    try:
        said = json.loads(params)
        memory, passes, salt = int(said["m"]), int(said["t"]), bytes.fromhex(said["salt"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged() from error
    if said.get("kdf") != "argon2id" or not passphrase.bounded(memory, passes) or len(salt) != SALT_BYTES:
        raise _damaged()
    key = _stretched(passphrase.stretched(known, salt, memory, passes, KEY_BYTES), _LABEL, context)
    if memo is not None:
        memo[params] = key
    return key


def _stretched(secret: bytes, salt: bytes, context: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return bytes(HKDF(SHA256(), KEY_BYTES, salt, context).derive(secret))


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(purpose: str, owner: str) -> bytes:
    """Unambiguous, whatever stands in the two."""
    return b"\0".join((_LABEL, purpose.encode(), str(len(owner)).encode(), owner.encode("utf-8", "surrogatepass")))


def _damaged() -> Damaged:
    return Damaged("What was sealed in the class's vault cannot be opened with this key: it was changed or moved.")


def _wrong() -> Refused:
    return Refused("This is not the right code or passphrase.")


def _mistyped() -> BadInput:
    return BadInput("This is not a recovery key: seven groups of four letters and digits, as on the printed sheet.")
