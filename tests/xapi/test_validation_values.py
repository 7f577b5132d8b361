# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The formats of single texts, one section of the specification after another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.xapi import values

ALL: tuple[values.Format, ...] = (
    values.uuid_text,
    values.iri,
    values.uri,
    values.mailto,
    values.sha1,
    values.sha2,
    values.media_type,
    values.language_tag,
    values.duration,
)


def any_timestamp(text: str) -> bool:
    return values.timestamp(text) is not None


def named(check: values.Format, section: str, accepted: str, refused: str, *spaced: str) -> list[Any]:
    """One case per text, named by section; ``spaced``: refused ones that hold white space, or nothing."""
    cases = [(text, True) for text in accepted.split()] + [(text, False) for text in (*refused.split(), *spaced, "")]
    return [
        pytest.param(
            check, text, wanted, id=f"{section} {check.__name__} {'takes' if wanted else 'refuses'} {text!a:.40}"
        )
        for text, wanted in cases
    ]


def words(text: str) -> list[str]:
    return text.split()


CASES = [
    *named(
        values.uuid_text,
        "Data 4.4",
        """7ccd3322-e1a5-411a-a67d-6a735c76f119 7CCD3322-E1A5-411A-A67D-6A735C76F119
        12345678-1234-5678-1234-567812345678 00000000-0000-0000-0000-000000000000""",
        """7ccd3322-e1a5-411a-a67d-6a735c76f1198 7ccd3322-e1a5-411a-a67d-6a735c76f11
        mccd3322-e1a5-411a-a67d-6a735c76f119 7ccd3322e1a5411aa67d6a735c76f119 {7ccd3322-e1a5-411a-a67d-6a735c76f119}
        ٣ccd3322-e1a5-411a-a67d-6a735c76f119 urn:uuid:7ccd3322-e1a5-411a-a67d-6a735c76f119""",
        "7ccd3322-e1a5-411a-a67d-6a735c76f119\n",
    ),
    *named(
        values.iri,
        "Data 4.3",
        """http://example.com/xapi/verbs#defenestrated http://example.com/فعل/خواندن urn:x:y tag:a,2026:b x-y.z+1:a
        HTTPS://EXAMPLE.ORG https://[::1]:8080/a?b[]=1&c=%C3%A9 mailto:ada@example.org""",
        """verbs/read example.org/verbs //example.org/a #a http: http:// https:///a http://?a http:/a 1a:b é:a :a
        ab=c://example.org http://a.org/<b> http://a.org/{b} http://a.org/a\\b http://a.org/" http://a.org/%zz
        http://a.org/% http://a.org/#b#c http://a.org/## urn:x#y#z""",
        "http://a.org/a b",
        "http://a.org/\n",
        " http://a.org/",
        "http://a.org/\x7f",
        "http://a.org/\ud800",
    ),
    *named(
        values.uri,
        "Data 2.4.2.3",
        "https://ada.example.org/ http://example.org/%C3%A9 xri:=ada",
        "ada.example.org https://éxample.org/",
        "https://example.org/a b",
    ),
    *named(
        values.mailto,
        "Data 2.4.2.3",
        """mailto:ada@example.org mailto:o'neil+box_1@sub.example.org mailto:a%22b@example.org mailto:élève@école.fr
        mailto:root@localhost mailto:a@1-2.example""",
        """mailto: ada@example.org mailto:ada mailto:@example.org mailto:ada@ mailto:a@b@c.org MAILTO:ada@example.org
        mailto:ada@example.org?subject=x mailto:ada@example.org,bob@example.org mailto:ada@example..org
        mailto:ada@-example.org mailto:ada@example.org. mailto:a%2@example.org http:ada@example.org
        mailto://ada.example.org""",
        "mailto:ada@example.org\n",
        "mailto:a da@example.org",
    ),
    *named(values.sha1, "Data 2.4.2.3", "0123456789ABCDEFabcd" * 2, f"{'a' * 39} {'a' * 41} {'g' * 40} {'a' * 64}"),
    *named(
        values.sha2,
        "Data 2.4.11",
        f"{'a' * 56} {'A' * 64} {'0' * 96} {'f' * 128}",
        f"{'a' * 40} {'a' * 63} {'a' * 65} {'g' * 64} n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
        "a" * 64 + "\n",
    ),
    *named(
        values.media_type,
        "Data 2.4.11",
        """text/plain text/plain;charset=ascii multipart/mixed;boundary="a;\\"b";x=y image/svg+xml
        application/vnd.openxmlformats-officedocument.wordprocessingml.document""",
        'text text/ /plain text/plain; text/plain;charset text/plain;a= text/plain/x text/plain;a="',
        "text /plain",
        "text/pl ain",
        "text/plain\r\nX: y",
    ),
    *named(
        values.language_tag,
        "Data 4.2",
        """fr fr-FR FR-fr es-419 zh-Hant-TW zh-cmn-Hans-CN sl-rozaj-biske de-CH-1901 gsw und x-breton abcd abcdefgh
        en-a-myext-b-another de-DE-u-co-phonebk en-US-x-class-7 i-klingon en-GB-oed sgn-BE-FR zh-min-nan""",
        """f fr_FR a12345678 abcdefghi a12345 something-else fr- -fr fr--FR en-a en-x x fr-FR-FR zh-Hant-Hant en-a-b ſr
        fr-٣٣٣ i-unknown de-419-DE en-abcdefghi"""
        + f" fr-CA-{'x' * 40}",
        "fr FR",
        "fr\n",
    ),
    *named(
        values.duration,
        "Data 4.6",
        """PT4H35M59.14S PT16559.14S P3Y1M29DT4H35M59.14S P3Y P4W P0.5W PT0S P1D PT1.5H P1,5D P1DT12H36M0.12567S P1YT1S
        PT0,5S""",
        """P PT P1DT P4W1D P1Y4W PA1H0M0S 1S PT1 P1S PT1D PT1.5H1M P1.5DT1S -P1D P-1D PT1S1M PT.5S PT1.S p1d P٣D PT1H1H
        P1M1Y P0003-06-04T12:30:05""",
        "P1D ",
        "P1D\n",
    ),
]


@pytest.mark.parametrize(("check", "text", "wanted"), CASES)
def test_format(check: values.Format, text: str, wanted: bool) -> None:
    assert check(text) is wanted


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


RFC3339 = {
    "2026-11-22T06:52:30Z": utc(2026, 11, 22, 6, 52, 30),
    "2026-11-22t06:52:30z": utc(2026, 11, 22, 6, 52, 30),
    "2026-11-22T06:52:30.5Z": utc(2026, 11, 22, 6, 52, 30, 500000),
    "2026-11-22T06:52:30.123456789Z": utc(2026, 11, 22, 6, 52, 30, 123456),
    "2026-11-22T06:52:30+00:00": utc(2026, 11, 22, 6, 52, 30),
    "2026-11-22T06:52:30-05:00": utc(2026, 11, 22, 11, 52, 30),
    "2026-11-22T06:52:30+05:45": utc(2026, 11, 22, 1, 7, 30),
    "2016-12-31T23:59:60Z": utc(2017, 1, 1),
    "2024-02-29T00:00:00-00:30": utc(2024, 2, 29, 0, 30),
    "1970-01-01T00:00:00Z": utc(1970, 1, 1),
}
ISO_ONLY = {
    "2026-11-22T06:52:30": utc(2026, 11, 22, 6, 52, 30),
    "2026-11-22T06:52": utc(2026, 11, 22, 6, 52),
    "2026-11-22T06": utc(2026, 11, 22, 6),
    "2026-11-22T06:52Z": utc(2026, 11, 22, 6, 52),
    "2026-11-22T06:52:30,25Z": utc(2026, 11, 22, 6, 52, 30, 250000),
    "2026-11-22T06:52:30+05": utc(2026, 11, 22, 1, 52, 30),
    "20261122T065230Z": utc(2026, 11, 22, 6, 52, 30),
    "20261122T065230.123-0500": utc(2026, 11, 22, 11, 52, 30, 123000),
    "20161231T235960Z": utc(2017, 1, 1),
    "2026-W47-7T06:52:30Z": utc(2026, 11, 22, 6, 52, 30),
    "2026W477T0652Z": utc(2026, 11, 22, 6, 52),
    "2026-11-22T24:00:00Z": utc(2026, 11, 23),
    "20261122T2400": utc(2026, 11, 23),
}
NEITHER = [
    *words(
        """now 2026-11-22 06:52:30 2026 01/011/2015 2026-13-01T00:00:00Z 2026-02-29T00:00:00Z 2026-11-22T25:00:00Z
    2026-11-22T24:00:01Z 2026-11-22T24:30:00Z 2026-11-22T06:60:00Z 2026-11-22T06:52:61Z 2026-11-22T06:52:30.Z
    2026-11-22T06:52:30-00 2026-11-22T06:52:30-0000 2026-11-22T06:52:30-00:00 20261122T065230-0000 20261122T065230-00
    2026-11-22T06:52:30+24:00 2026-11-22T06:52:30+01:60 2026-11-22T065230Z 20261122T06:52:30Z 2026-W54-1T00:00:00Z
    2026-W01-8T00:00:00Z 0000-01-01T00:00:00Z 0001-01-01T00:00:00+01:00 9999-12-31T23:59:60Z 9999-12-31T24:00:00Z
    9999-12-31T23:59:59-01:00 +12026-11-22T06:52:30Z ٢٠٢٦-11-22T06:52:30Z 1795330350"""
    ),
    "",
    "2026-11-22 06:52:30Z",
    "2026-11-22T06:52:30Z ",
    "2026-11-22T06:52:30Z\n",
    "Sun, 22 Nov 2026 06:52:30 GMT",
]


@pytest.mark.parametrize(("text", "moment"), RFC3339.items())
def test_data_4_5_rfc_3339_is_a_timestamp_of_both_versions(text: str, moment: datetime) -> None:
    assert values.timestamp(text) == values.timestamp(text, rfc3339=True) == moment


@pytest.mark.parametrize(("text", "moment"), ISO_ONLY.items())
def test_data_4_5_the_rest_of_iso_8601_is_one_of_1_0_3_only(text: str, moment: datetime) -> None:
    assert values.timestamp(text) == moment
    assert values.timestamp(text, rfc3339=True) is None


@pytest.mark.parametrize("text", NEITHER)
def test_data_4_5_is_no_timestamp(text: str) -> None:
    assert values.timestamp(text) is None
    assert values.timestamp(text, rfc3339=True) is None


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: moment.year > 1 and moment.year < 9999))
def test_data_4_5_whatever_python_writes_is_read_back(moment: datetime) -> None:
    text = moment.isoformat()
    if (moment.utcoffset() or moment - moment).seconds % 60 == 0:  # local mean times of old have seconds
        assert values.timestamp(text) == moment.astimezone(UTC)


@pytest.mark.parametrize("check", [*ALL, any_timestamp])
@given(text=st.text())
def test_no_text_breaks_a_format(check: values.Format, text: str) -> None:
    assert check(text) in (True, False)


LONG = 200_000
LONG_TEXTS = {
    "a": ("a", ""),
    "1": ("1", ""),
    "P1": ("1", ""),
    "P": ("1.", ""),
    "P1.": ("1", ""),
    "fr": ("-abcde", ""),
    "en-a": ("-bb", "-"),
    "x": ("-a", "-"),
    "mailto:": ("a", ""),
    "mailto:a@": ("a-", ""),
    "mailto:a@b": (".a", "."),
    "http://a/": ("%20", "%"),
    "a/b": (" ", "x"),
    "c/d": ("; a=b", ";"),
    'a/b; a="': ("\\a", ""),
    "2026-11-22T06:52:30.": ("1", "x"),
}
"""By beginning: what is repeated after it, and the end."""


@pytest.mark.parametrize("check", [*ALL, any_timestamp])
@pytest.mark.parametrize("start", LONG_TEXTS)
def test_time_grows_with_the_length_only(check: values.Format, start: str) -> None:
    """One step more than linear would not end within the suite's time limit."""
    repeated, end = LONG_TEXTS[start]
    assert check(start + repeated * LONG + end) in (True, False)
