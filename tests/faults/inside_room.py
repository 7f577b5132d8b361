# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""On a small disk of its own: a tool fills what it may; answers and an erasure find room all the same.

``python -m tests.faults.inside_room FOLDER KEEP_FREE_MB``; prints what happened as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from appliance import box
from appliance.config import BoxConfig, Config, RecordsConfig
from appliance.hub.records_office import Office
from appliance.hub.xapi.app import create_xapi
from appliance.store.erasure import unfinished
from appliance.store.record_keys import Keys
from bench.posting import basic
from tests.faults.records_store import _hub
from tests.faults.wsgi import call, query

ZOE, OTHER = '{"mbox":"mailto:zoe@exemple.fr"}', '{"mbox":"mailto:ali@exemple.fr"}'
MOST = 1000


def main(state: Path, keep_free_mb: int) -> None:
    """Fill, answer, erase."""
    chosen = Config(BoxConfig(state=state, run=state / "run"), records=RecordsConfig(keep_free_mb))
    with box.records(chosen) as records:
        parts = _hub(config=chosen, db=records.db, clock=records.clock, secret=b"x" * 32, records=records)
        app, told = create_xapi(parts), basic(*Keys(records.db).add("outil", ["all"]))

        def put(number: int, agent: str, size: int = 1 << 20, origin: str = "hub") -> int:
            headers = {"X-Experience-API-Version": "1.0.3", "Content-Type": "x/y"}
            headers |= told if origin == "hub" else {}
            where = query(activityId="http://e.fr/a", agent=agent, stateId=str(number))
            return call(app, "PUT", "/xapi/activities/state", where, headers, b"\x07" * size, origin=origin).status

        statuses = [put(0, ZOE)]
        while statuses[-1] == 204 and len(statuses) < MOST:
            statuses.append(put(len(statuses), OTHER))
        free = shutil.disk_usage(state).free
        own = {put(number, ZOE, 1 << 10, "local") for number in range(1, 1000)}
        loss = Office(records).erase(ZOE, True)
        print(json.dumps({"kept": statuses.count(204), "refused": statuses[-1], "free": free, "own": sorted(own),
                          "unfinished": unfinished(records.db), "erased": loss["documents"]}))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
