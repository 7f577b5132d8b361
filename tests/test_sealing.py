# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sealing: what went in comes out for the right key, purpose and owner, and for nothing else."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance import passphrase, sealing
from appliance.errors import BadInput, Damaged, Refused

WORDS = "agrafe soleil tortue radis"
PAIR = sealing.pair()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    monkeypatch.setattr(passphrase, "PASSES", 1)


@given(body=st.binary(max_size=300), purpose=st.text(max_size=20), owner=st.text(max_size=40))
def test_what_is_sealed_comes_out(body: bytes, purpose: str, owner: str) -> None:
    sealed = sealing.seal(PAIR.public, body, purpose=purpose, owner=owner)
    assert sealing.unseal(PAIR.private, sealed, purpose=purpose, owner=owner) == body
    assert sealed != sealing.seal(PAIR.public, body, purpose=purpose, owner=owner)


@given(
    first=st.tuples(st.text(max_size=8), st.text(max_size=8)),
    second=st.tuples(st.text(max_size=8), st.text(max_size=8)),
)
def test_purpose_and_owner_cannot_be_moved(first: tuple[str, str], second: tuple[str, str]) -> None:
    sealed = sealing.seal(PAIR.public, b"x", purpose=first[0], owner=first[1])
    if first == second:
        return
    with pytest.raises(Damaged):
        sealing.unseal(PAIR.private, sealed, purpose=second[0], owner=second[1])


def test_any_changed_byte_is_seen() -> None:
    sealed = sealing.seal(PAIR.public, b"Lina", purpose="item name", owner="p")
    for place in range(len(sealed)):
        for flip in (1, 0x80):
            changed = bytearray(sealed)
            changed[place] ^= flip
            if place == 31 and flip == 0x80:
                continue  # RFC 7748, section 5: the last bit of a public key is masked, yet it is in the KEM's context
            with pytest.raises(Damaged):
                sealing.unseal(PAIR.private, bytes(changed), purpose="item name", owner="p")


@pytest.mark.parametrize("cut", [b"", b"\0" * 31, b"\0" * 48, b"\xff" * 200])
def test_nonsense_is_damaged_and_never_an_error_of_a_library(cut: bytes) -> None:
    with pytest.raises(Damaged):
        sealing.unseal(PAIR.private, cut, purpose="", owner="")
    with pytest.raises(Damaged):
        sealing.unseal(cut[:31], sealing.seal(PAIR.public, b"", purpose="", owner=""), purpose="", owner="")
    with pytest.raises(Damaged):
        sealing.seal(cut[:31], b"", purpose="", owner="")


def test_another_key_opens_nothing() -> None:
    sealed = sealing.seal(PAIR.public, b"Lina", purpose="a", owner="b")
    with pytest.raises(Damaged):
        sealing.unseal(sealing.pair().private, sealed, purpose="a", owner="b")
    assert PAIR.private.hex() not in repr(PAIR)


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    def mac(secret: bytes, text: bytes) -> bytes:
        made = hmac.HMAC(secret, hashes.SHA256())
        made.update(text)
        return made.finalize()

    return mac(key, info + b"\x01")[:length]


def _extract(salt: bytes, text: bytes) -> bytes:
    made = hmac.HMAC(salt or bytes(32), hashes.SHA256())
    made.update(text)
    return made.finalize()


def _rfc9180_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180, sections 4 and 5, written out: what another program would do to read our bytes."""
    enc, ciphertext = sealed[:32], sealed[32:]
    own = X25519PrivateKey.from_private_bytes(private)
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return _extract(salt, b"HPKE-v1" + suite_id + label + ikm)

    def expand(suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        return _expand(prk, length.to_bytes(2) + b"HPKE-v1" + suite_id + label + info, length)

    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + own.public_key().public_bytes_raw()
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", context, 32)
    schedule = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    prk = extract(suite, secret, b"secret", b"")
    key, nonce = expand(suite, prk, b"key", schedule, 32), expand(suite, prk, b"base_nonce", schedule, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def test_another_program_that_follows_the_rfc_reads_it() -> None:
    sealed = sealing.seal(PAIR.public, b"Lina", purpose="item name", owner="p/i/")
    info = b"cartable vault 1\0item name\x004\0p/i/"
    assert _rfc9180_open(PAIR.private, sealed, info) == b"Lina"


def test_words_open_however_a_tablet_writes_them() -> None:
    params, sealed = sealing.wrap_with_words(PAIR.private, WORDS, "t1")
    assert sealing.unwrap_with_words(params, sealed, "  Agrafe SOLEIL tortue  radis", "t1") == PAIR.private
    for words, owner in (("agrafe soleil tortue navet", "t1"), (WORDS, "t2"), ("", "t1"), ("é" * 500, "t1")):
        with pytest.raises(Refused):
            sealing.unwrap_with_words(params, sealed, words, owner)
    for place in range(0, len(sealed), 7):
        with pytest.raises(Refused):
            sealing.unwrap_with_words(
                params, sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], WORDS, "t1"
            )


@pytest.mark.parametrize(
    "change", [{"m": 1 << 30}, {"m": 1}, {"t": 10**6}, {"salt": "zz"}, {"salt": ""}, {"kdf": "none"}, {"m": None}]
)
def test_parameters_that_would_cost_or_weaken_are_refused(change: dict[str, object]) -> None:
    params, sealed = sealing.wrap_with_words(PAIR.private, WORDS, "t1")
    with pytest.raises(Damaged):
        sealing.unwrap_with_words(json.dumps({**json.loads(params), **change}), sealed, WORDS, "t1")
    for nonsense in ("", "[]", "{", "5"):
        with pytest.raises(Damaged):
            sealing.unwrap_with_words(nonsense, sealed, WORDS, "t1")


def test_a_pin_opens_with_its_device_only() -> None:
    device, other = b"d" * 32, b"e" * 32
    params, sealed = sealing.wrap_with_pin(PAIR.private, device, "270418", "dev")
    assert sealing.unwrap_with_pin(params, sealed, device, "270418", "dev") == PAIR.private
    for secret, pin, owner in ((other, "270418", "dev"), (device, "270419", "dev"), (device, "270418", "x"),
                               (b"", "270418", "dev"), (device, "é", "dev")):  # fmt: skip
        with pytest.raises(Refused):
            sealing.unwrap_with_pin(params, sealed, secret, pin, owner)


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "123456", "987654", "000000", "121212", "135791", "١٢٣٤٥٦", "12345a"]
)
def test_what_is_no_pin_or_an_easy_one(pin: str) -> None:
    with pytest.raises(BadInput):
        sealing.wrap_with_pin(PAIR.private, b"d" * 32, pin, "dev")


def test_the_printed_key_is_read_as_people_type_it() -> None:
    written = sealing.recovery_key()
    assert len(written.split("-")) == 7
    keys = sealing.recovery_pair(written)
    typed = written.lower().replace("-", "  ").replace("1", "l").replace("0", "o")
    assert sealing.recovery_pair(typed) == keys
    assert sealing.recovery_pair(sealing.recovery_key()) != keys


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, 33),
    letter=st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
    secret=st.binary(min_size=16, max_size=16),
)
def test_a_letter_mistyped_is_seen_or_opens_nothing_else(place: int, letter: str, secret: bytes) -> None:
    """One letter changed: the check sees all but one in 4,096, and what it lets through is another key."""
    written = sealing._written(secret)
    changed = written[:place] + letter + written[place + 1 :]
    if written[place] == "-" or changed == written:
        return
    try:
        assert sealing.recovery_pair(changed) != sealing.recovery_pair(written)
    except BadInput as error:
        assert "recovery key" in str(error)  # noqa: PT017 - one of two right ends


@pytest.mark.parametrize("text", ["", "A", "U" * 28, "Ω" * 28, "0" * 27, "0" * 29, "²" * 28])
def test_nonsense_is_no_recovery_key(text: str) -> None:
    with pytest.raises(BadInput):
        sealing.recovery_pair(text)


@given(st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text and text.isprintable()))
def test_padding_hides_the_length_and_nothing_else(text: str) -> None:
    body = sealing.padded(text)
    assert len(body) % sealing.PAD_TO == 0
    assert sealing.unpadded(body) == text
