# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/var/lib/cartable/cartable.toml``: the box's own keys, and which file of the boot partition they came from.

One file, written whole: keys and fingerprint are there together or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance import config
from appliance.errors import ConfigError, reason
from appliance.power_cut import replace, small, step, sync_folder
from provisioning.place import Place

_APPLIED = re.compile(r"# boot ([0-9a-f]{64})$", re.MULTILINE)


def applied(place: Place) -> str:
    """The fingerprint of the file that was applied last; empty when none was."""
    found = _APPLIED.search(_text(place))
    return found[1] if found else ""


def passphrase_hash(place: Place) -> str:
    """The teacher's; empty without one. Raises :class:`ConfigError`."""
    return str(_tables(place).get("teacher", {}).get("passphrase_hash", ""))


def merge(place: Place, named: Mapping[str, Mapping[str, Any]], fingerprint: str) -> None:
    """Set the keys that are ``named``, keep the others, note the fingerprint. Raises :class:`OSError`,
    :class:`ConfigError` when the file cannot be read."""
    kept = _tables(place)
    for table, values in named.items():
        kept.setdefault(table, {}).update(values)
    body = rendered(kept, fingerprint)
    if body != _text(place):
        replace(place.settings, body.encode(), owner=place.owner)


def set_aside(path: Path) -> bool:
    """Rename the box's own file if it alone cannot be used, so that the box starts; whether it was. Raises
    :class:`OSError`."""
    try:
        config.load([path])
    except ConfigError:
        step("set the damaged settings aside")
        path.replace(path.with_name(f"{path.name}.damaged"))
        sync_folder(path.parent)
        return True
    return False


def _tables(place: Place) -> dict[str, Any]:
    try:
        return config.parsed(_text(place))
    except (ValueError, RecursionError) as error:
        raise ConfigError("%(file)s is not valid TOML: %(why)s", file=place.settings, why=error) from error


def rendered(tables: Mapping[str, Any], fingerprint: str) -> str:
    """The TOML of tables of plain values: all that the configuration has."""
    lines = ["# Written by cartable provision box.", f"# boot {fingerprint}"]
    for table, values in tables.items():
        lines += ["", f"[{table}]", *(f"{key} = {_value(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """JSON's texts, numbers and booleans are TOML's too, but for one control character and what is no finite number."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(place: Place) -> str:
    try:
        return small(place.settings).decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError("%(file)s is not valid TOML: %(why)s", file=place.settings, why=error) from error
    except OSError as error:
        raise ConfigError("%(file)s cannot be read: %(why)s", file=place.settings, why=reason(error)) from error
