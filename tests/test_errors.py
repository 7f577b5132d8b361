# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import pytest

from appliance import errors


def test_an_error_speaks_the_readers_language_with_its_parameters() -> None:
    error = errors.StorageError("%(path)s is full", path="/data")
    assert str(error) == "/data is full"
    assert error.localized({"%(path)s is full": "%(path)s est plein"}.__getitem__) == "/data est plein"


@pytest.mark.parametrize(
    ("ours", "builtin"),
    [(errors.BadInput, ValueError), (errors.NotFound, LookupError), (errors.Refused, PermissionError),
     (errors.Busy, TimeoutError), (errors.StorageError, OSError), (errors.Unreachable, ConnectionError)],
)  # fmt: skip
def test_each_error_is_also_the_builtin_one_would_catch(ours: type[errors.CartableError], builtin: type) -> None:
    with pytest.raises(builtin):
        raise ours("x")


def test_a_percent_sign_without_parameters_is_no_trap() -> None:
    assert str(errors.BadInput("100 % wrong")) == "100 % wrong"
