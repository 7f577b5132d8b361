# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Signed statements (Data 2.6): JSON Web Signatures in compact form (RFC 7515), RSA with SHA-2 only.

The check catches mistakes; it is no proof of who signed, since nobody vouches for the certificate.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from appliance.errors import BadInput
from appliance.xapi import reading
from appliance.xapi.comparison import same

USAGE = "http://adlnet.gov/expapi/attachments/signature"
CONTENT_TYPE = "application/octet-stream"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "RS256": hashes.SHA256,
    "RS384": hashes.SHA384,
    "RS512": hashes.SHA512,
}
_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


def check_all(value: Mapping[str, Any], came: Mapping[str, bytes]) -> None:
    """Check every signature of a checked statement. ``came``: the bytes that came with the request, by their sha2 in
    lower case. Raises :class:`BadInput`, also when a signature did not come: a fileUrl does not replace it.
    """  # fmt: skip
    for item in value.get("attachments", ()):
        if item["usageType"] == USAGE:
            data = came.get(item["sha2"].lower())
            if data is None:
                raise BadInput("The signature of the statement did not come with the request.")
            check_signature(value, item, data)


def check_signature(value: Mapping[str, Any], attachment_meta: Mapping[str, Any], jws: bytes) -> None:
    """Return when ``jws`` is a well-formed signature of the statement ``value``, else raise :class:`BadInput`.

    ``attachment_meta``: the attachment of ``value`` whose bytes are ``jws``. With a certificate in its header (x5c),
    the signature is verified with the first one's key.
    """
    if attachment_meta["contentType"].lower() != CONTENT_TYPE:
        raise BadInput("The signature's attachment must have the contentType %(wanted)s.", wanted=CONTENT_TYPE)
    found = _COMPACT.fullmatch(jws)
    if found is None:
        raise BadInput("The signature must be a JSON Web Signature in compact form: header.payload.signature.")
    header = reading.parse(_decoded(found[1]))
    make_hash = _hash(header)
    payload = reading.statement(_decoded(found[2])).value
    if not any(same(unsigned, (), _with_attachments(payload)) for unsigned in _unsigned(value, attachment_meta)):
        raise BadInput("The signed statement differs from the one that was sent.")
    signature = _decoded(found[3])
    if "x5c" in header:
        _verify(_first_key(header["x5c"]), signature, found[1] + b"." + found[2], make_hash)


def _hash(header: Any) -> type[hashes.HashAlgorithm]:
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if not isinstance(algorithm, str) or algorithm not in _HASHES:
        raise BadInput("A statement is signed with RS256, RS384 or RS512, no other algorithm.")
    if "crit" in header:  # RFC 7515 section 4.1.11: who does not know an extension must refuse it
        raise BadInput("The signature's header asks for an extension (crit) that the box does not know.")
    return _HASHES[algorithm]


def _unsigned(value: Mapping[str, Any], this: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What may have been signed: the statement without its signatures, or with those that were there before."""
    given = value.get("attachments", ())
    without_any = [item for item in given if item["usageType"] != USAGE]
    without_this = [item for item in given if item["usageType"] != USAGE or item["sha2"] != this["sha2"]]
    return [_with_attachments({**value, "attachments": kept}) for kept in (without_any, without_this)]


def _with_attachments(value: dict[str, Any]) -> dict[str, Any]:
    """No attachments and an empty list of them are one."""
    return value if value.get("attachments") else {key: item for key, item in value.items() if key != "attachments"}


def _first_key(chain: Any) -> rsa.RSAPublicKey:
    """RFC 7515 section 4.1.6: base64 (not base64url) of DER; the first one is the signer's."""
    try:
        if not isinstance(chain, list):
            raise TypeError(chain)
        key = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True)).public_key()
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as error:
        raise BadInput("The signature's certificate (x5c) cannot be read.") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadInput("The signature's certificate (x5c) cannot be read.")
    return key


def _verify(key: rsa.RSAPublicKey, signature: bytes, signed: bytes, make_hash: type[hashes.HashAlgorithm]) -> None:
    try:
        key.verify(signature, signed, padding.PKCS1v15(), make_hash())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise BadInput("The signature was not made with the key of its certificate.") from error


def _decoded(part: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error as error:
        raise BadInput("The signature must be a JSON Web Signature in compact form: header.payload.signature."
                       ) from error  # fmt: skip
