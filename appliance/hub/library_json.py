# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The library's things as JSON, the same for the API and for the command line without a hub."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from appliance.model import Resource
from appliance.store.blobs import Damage
from appliance.store.import_jobs import ImportJob


def resource_json(resource: Resource) -> dict[str, Any]:
    """Every field; ``levels`` a list, ``state`` a string."""
    return {**dataclasses.asdict(resource), "state": str(resource.state)}


def job_json(job: ImportJob, gettext: Callable[[str], str]) -> dict[str, Any]:
    """``state``: queued, running, done or failed; ``step`` and ``error`` in the reader's language."""
    return {
        "id": job.id,
        "filename": job.filename,
        "state": str(job.state),
        "progress": round(job.progress, 3),
        "step": gettext(job.step) if job.step else "",
        "error": job.error.localized(gettext) if job.error else "",
        "resource": job.resource,
        "existing": job.existing,
        "created_at": job.created_at,
    }


def damage_json(damage: Damage) -> dict[str, Any]:
    """``harm``: missing, damaged or extra."""
    return {**dataclasses.asdict(damage), "harm": str(damage.harm)}
