# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput
from appliance.xapi import signature
from tests.xapi import good

UNSIGNED: dict[str, Any] = {
    "id": good.UUID,
    "actor": good.MBOX,
    "verb": {"id": "urn:v", "display": {"fr": "a répondu"}},
    "object": {**good.ACTIVITY, "definition": good.DEFINITION},
    "result": {"duration": "PT1.12S", "success": True},
    "timestamp": "2026-11-22T06:52:30.123Z",
}
SHA = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}
Key = rsa.RSAPrivateKey


@pytest.fixture(scope="module")
def key() -> Key:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(private: Key | ec.EllipticCurvePrivateKey) -> str:
    """A certificate of long ago: its dates are not what is checked."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(datetime.datetime(2013, 4, 4, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2014, 4, 4, tzinfo=datetime.UTC))
        .sign(private, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(key: Key, payload: Any = UNSIGNED, alg: Any = "RS256", **header: Any) -> bytes:
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    start = encoded(json.dumps({"alg": alg, **header}).encode()) + b"." + encoded(text)
    made = key.sign(start, padding.PKCS1v15(), SHA.get(str(alg), hashes.SHA256()))
    return start + b"." + encoded(made)


def attachment(jws: bytes, **more: Any) -> dict[str, Any]:
    return {
        "usageType": signature.USAGE, "display": {"fr": "Signature"}, "contentType": signature.CONTENT_TYPE,
        "length": len(jws), "sha2": hashlib.sha256(jws).hexdigest(), **more,
    }  # fmt: skip


def check(jws: bytes, value: dict[str, Any] = UNSIGNED, **more: Any) -> None:
    item = attachment(jws, **more)
    sent = {**value, "attachments": [*value.get("attachments", []), item]}
    signature.check_all(sent, {item["sha2"]: jws})


class TestData26:
    @pytest.mark.parametrize("alg", list(SHA))
    @pytest.mark.parametrize("certified", [False, True])
    def test_a_good_signature(self, key: Key, alg: str, certified: bool) -> None:
        check(signed(key, alg=alg, **({"x5c": [certificate(key), "of the issuer"]} if certified else {})))

    @pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "PS256", "rs256", "", None, 5, ["RS256"]])
    def test_other_algorithms(self, key: Key, alg: Any) -> None:
        with pytest.raises(BadInput, match="RS256"):
            check(signed(key, alg=alg))

    def test_an_unsigned_jws(self) -> None:
        for alg in ("none", "RS256"):
            start = encoded(json.dumps({"alg": alg}).encode()) + b"." + encoded(json.dumps(UNSIGNED).encode())
            with pytest.raises(BadInput):
                check(start + b".")

    @pytest.mark.parametrize("more", [{"contentType": "text/plain"}, {"contentType": "application/octet-stream2"}])
    def test_another_content_type(self, key: Key, more: dict[str, Any]) -> None:
        with pytest.raises(BadInput, match="contentType"):
            check(signed(key), **more)

    @pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b'{"a":1,"a":1}', b"\xff", b"{'id':1}", b"[" * 9999])
    def test_a_payload_that_is_no_statement(self, key: Key, payload: bytes) -> None:
        with pytest.raises(BadInput):
            check(signed(key, payload))

    @pytest.mark.parametrize(
        "change",
        [
            {"id": "12345678-1234-5678-1234-567812345678"}, {"result": {"success": True}}, {"extra": 1},
            {"timestamp": "2026-11-22T06:52:31Z"}, {"actor": {"mbox": "mailto:eve@example.org"}}, {"verb": 5},
            {"attachments": [good.ATTACHMENT]},
        ],
    )  # fmt: skip
    def test_a_payload_that_says_something_else(self, key: Key, change: dict[str, Any]) -> None:
        with pytest.raises(BadInput, match="differs"):
            check(signed(key, {**UNSIGNED, **change}))

    @pytest.mark.parametrize(
        "change",
        [
            {"id": good.UUID.upper()}, {"timestamp": "2026-11-22T07:52:30.123+01:00"}, {"attachments": []},
            {"result": {"success": True, "duration": "PT1.1299S"}}, {"verb": {"id": "urn:v"}}, {"version": "1.0.0"},
            {"authority": good.AGENT, "stored": "2026-11-22T06:52:30.123Z"},
        ],
    )  # fmt: skip
    def test_a_payload_that_says_the_same(self, key: Key, change: dict[str, Any]) -> None:
        check(signed(key, {**UNSIGNED, **change}))

    @pytest.mark.parametrize("gone", ["id", "timestamp"])
    def test_what_the_sender_may_add_after_signing(self, key: Key, gone: str) -> None:
        check(signed(key, {name: item for name, item in UNSIGNED.items() if name != gone}))

    def test_other_attachments_are_signed_too(self, key: Key) -> None:
        value = {**UNSIGNED, "attachments": [good.ATTACHMENT]}
        check(signed(key, value), value)

    def test_a_second_signature_may_cover_the_first(self, key: Key) -> None:
        first = signed(key)
        once = {**UNSIGNED, "attachments": [attachment(first)]}
        for second in (signed(key, once), signed(key, alg="RS512")):
            item = attachment(second)
            came = {attachment(first)["sha2"]: first, item["sha2"]: second}
            signature.check_all({**once, "attachments": [*once["attachments"], item]}, came)

    def test_a_signature_that_did_not_come(self, key: Key) -> None:
        item = attachment(signed(key), fileUrl="https://example.org/signature")
        with pytest.raises(BadInput, match="did not come"):
            signature.check_all({**UNSIGNED, "attachments": [item]}, {})

    def test_nothing_to_check(self) -> None:
        signature.check_all(UNSIGNED, {})
        signature.check_all({**UNSIGNED, "attachments": [good.ATTACHMENT]}, {})


class TestRfc7515:
    def test_the_certificates_key_made_it(self, key: Key) -> None:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with pytest.raises(BadInput, match="key of its certificate"):
            check(signed(other, x5c=[certificate(key)]))

    def test_a_signature_of_another_hash_or_cut_short(self, key: Key) -> None:
        good_one = signed(key, x5c=[certificate(key)])
        start, _, last = good_one.rpartition(b".")
        for bad in (
            start + b"." + last[:40],
            start + b"." + encoded(key.sign(start, padding.PKCS1v15(), SHA["RS512"])),
        ):
            with pytest.raises(BadInput, match="key of its certificate"):
                check(bad)

    @pytest.mark.parametrize("chain", [[], None, "x", {}, [5], [None], ["*"], ["AAAA"], [["AAAA"]], ["é"]])
    def test_a_certificate_that_cannot_be_read(self, key: Key, chain: Any) -> None:
        with pytest.raises(BadInput, match="x5c"):
            check(signed(key, x5c=chain))

    def test_a_certificate_without_an_rsa_key(self, key: Key) -> None:
        with pytest.raises(BadInput, match="x5c"):
            check(signed(key, x5c=[certificate(ec.generate_private_key(ec.SECP256R1()))]))

    def test_an_extension_that_must_be_understood(self, key: Key) -> None:
        with pytest.raises(BadInput, match="crit"):
            check(signed(key, crit=["b64"], b64=False))

    @pytest.mark.parametrize("jws", [b"", b"a", b"a.b", b"a.b.c.d", b"..", b"a.b.c", b"YQ.YQ.YQ", b"=.=.=", b"{}"])
    def test_what_is_no_compact_jws(self, jws: bytes) -> None:
        with pytest.raises(BadInput):
            check(jws)

    @pytest.mark.parametrize("header", [b"[]", b"5", b"null", b'"RS256"', b"\xff", b'{"alg":"RS256","alg":"RS256"}'])
    def test_a_header_that_is_no_object(self, header: bytes) -> None:
        with pytest.raises(BadInput):
            check(encoded(header) + b"." + encoded(json.dumps(UNSIGNED).encode()) + b".AAAA")

    def test_spaces_are_no_part_of_it(self, key: Key) -> None:
        for jws in (signed(key) + b"\n", b" " + signed(key)):
            with pytest.raises(BadInput, match="compact"):
                check(jws)

    @given(st.binary() | st.lists(st.binary().map(encoded), min_size=3, max_size=3).map(b".".join))
    def test_nothing_but_bad_input_comes_of_any_bytes(self, jws: bytes) -> None:
        with pytest.raises(BadInput):
            check(jws)
