# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's passphrase: four words, of which only an Argon2id hash is kept (RFC 9106, in the PHC string format).

``argon2`` is loaded by the first use. Words are compared without regard to capitals, to how accents are written
(NFKC), and to how many spaces stand between them: a tablet's keyboard changes all three.
"""

from __future__ import annotations

import unicodedata

from appliance.errors import BadInput

LEAST_WORDS = 4
LONGEST = 200
"""Characters."""
MEMORY_KIB, PASSES = 32 << 10, 2
"""About a second on a Raspberry Pi Zero 2 W, and no more memory than it can spare."""
MOST_MEMORY_KIB, LEAST_MEMORY_KIB, MOST_PASSES, MOST_LANES = 64 << 10, 8 << 10, 10, 4
"""What the box will compute for a hash that was made elsewhere."""


def hashed(words: str) -> str:
    """The PHC string of a passphrase. Raises :class:`BadInput` for one that is too short or too long."""
    from argon2 import PasswordHasher

    check(words)
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1).hash(normalised(words))


def check(words: str) -> None:
    """Raises :class:`BadInput` for a passphrase that is too short or too long."""
    if len(normalised(words).split()) < LEAST_WORDS or len(words) > LONGEST:
        raise BadInput("A passphrase is at least four words: choose words that have nothing to do with each other.")


def usable(phc: str) -> bool:
    """Whether ``phc`` is an Argon2id hash that this box can compute in bounded time and memory."""
    from argon2 import Type, extract_parameters
    from argon2.exceptions import InvalidHashError

    try:
        found = extract_parameters(phc)
    except (InvalidHashError, ValueError):
        return False
    return (
        found.type is Type.ID
        and found.version == 19
        and LEAST_MEMORY_KIB <= found.memory_cost <= MOST_MEMORY_KIB
        and 1 <= found.time_cost <= MOST_PASSES
        and 1 <= found.parallelism <= MOST_LANES
        and found.salt_len >= 8
        and found.hash_len >= 16
    )


def bounded(memory_kib: int, passes: int) -> bool:
    """Whether this box computes Argon2id with these parameters."""
    return LEAST_MEMORY_KIB <= memory_kib <= MOST_MEMORY_KIB and 1 <= passes <= MOST_PASSES


def stretched(secret: bytes, salt: bytes, memory_kib: int, passes: int, size: int) -> bytes:
    """``size`` bytes of key: raw Argon2id (RFC 9106), one lane. The caller has checked :func:`bounded`."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(secret, salt, passes, memory_kib, 1, size, Type.ID)


def matches(phc: str, words: str) -> bool:
    """Whether ``words`` are the passphrase behind ``phc``; nonsense on either side is False, never an error."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(words) > LONGEST or not normalised(words) or not usable(phc):
        return False
    try:
        return PasswordHasher().verify(phc, normalised(words))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def normalised(words: str) -> str:
    """The form that is hashed: also what to give another program that makes the hash."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())
