# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""`make bench NAME=hub`: the hub beside nginx, kiwix-serve 3.7 and Kolibri, on one corpus, interleaved."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import itertools
import os
import random
import re
import shutil
import statistics
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.config import Config
from bench import boxes, corpus, load
from bench.boxes import Ours
from bench.measure import Table, cpu_seconds, family, private_bytes, until
from bench.peers import kiwix, kolibri
from bench.peers import nginx as plain_nginx
from tests.rigs.nginx import free_port

SECONDS = float(os.environ.get("CARTABLE_BENCH_SECONDS", "5"))
ROUNDS = int(os.environ.get("CARTABLE_BENCH_ROUNDS", "3"))
ARTICLES = 20
"""Pages in turn, so that no peer is helped by asking for one page only."""
QUERIES = 80
"""Each asked once of each side in a round: kiwix-serve keeps the answers to queries it has seen."""


def main() -> None:
    """Measure everything; print and write the table."""
    table = Table("hub")
    with tempfile.TemporaryDirectory(prefix="cartable-bench-") as name:
        folder = Path(name)
        config = boxes.configure(folder / "state")
        with boxes.running(config) as box:
            imports(table, box)
            with peers(box) as (nginx_at, kiwix_at, pids):
                resource_page(table, box, nginx_at, kiwix_at, pids)
                searching(table, box, kiwix_at, pids)
                videos(table, box, nginx_at, pids)
            starvation(table, box)
            memory(table, box)
        cold_start(table, config)
        rush(table, folder)
    print(f"\nwritten to {table.write()}")


@contextlib.contextmanager
def peers(box: Ours) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Plain nginx over the same files, kiwix-serve over the same ZIM."""
    nginx_port, kiwix_port = free_port(), free_port()
    with (
        plain_nginx.start(corpus.html_folder(), nginx_port) as nginx,
        kiwix.start([corpus.zim()], kiwix_port) as serve,
    ):
        pids = {"nginx": nginx.pid, "kiwix": serve.pid}
        yield f"http://127.0.0.1:{nginx_port}", f"http://127.0.0.1:{kiwix_port}", pids


def imports(table: Table, box: Ours) -> None:
    """The three big imports, with the peak of the private memory of the hub and all its children."""
    for label, path in (
        ("100 MB ZIM", corpus.zim()),
        ("300-page PDF", corpus.big_pdf()),
        ("1,000 small files (web bundle)", corpus.small_files()),
        ("video", corpus.video()),
    ):
        identifier, seconds, peak = boxes.add(box, path)
        FOUND[label] = identifier
        table.add(f"import of {label}: seconds", seconds, unit="s")
        table.add(
            f"import of {label}: private memory", peak / 2**20, unit="MB", target="<= 200 MB",
            met=lambda ours, _: ours <= 200,
        )  # fmt: skip


FOUND: dict[str, str] = {}
"""Label of an import -> resource id."""


def _blob(box: Ours, label: str) -> str:
    resources = box.api("GET", "/api/library")["resources"]
    return str(next(r["blob"] for r in resources if r["id"] == FOUND[label]))


def articles() -> list[str]:
    """Paths of real articles of about the size of the reference (39 KB), the same in every server."""
    root = corpus.html_folder()
    found = sorted(p for p in root.rglob("*.html") if 25_000 <= p.stat().st_size <= 60_000)
    chosen = random.Random(7).sample(found, ARTICLES)
    return [urllib.parse.quote(str(p.relative_to(root))) for p in chosen]


def resource_page(table: Table, box: Ours, nginx_at: str, kiwix_at: str, pids: dict[str, int]) -> None:
    """CPU per request of the same pages, servers in turn, several rounds; medians.

    The hub is asked directly, like its peers, over TCP; then once more behind the box's own nginx, over its socket.
    """
    paths = articles()
    ours = [f"/zim/{_blob(box, '100 MB ZIM')}/{p}" for p in paths]
    theirs = [f"/content/{kiwix.book_name(corpus.zim())}/{p}" for p in paths]
    for clients in (32, 60):
        runs: dict[str, list[load.Load]] = {name: [] for name in ("nginx", "direct", "behind", "kiwix")}
        front: list[float] = []
        for _ in range(ROUNDS):
            runs["nginx"].append(
                load.wrk(nginx_at, [f"/{p}" for p in paths], clients, SECONDS, lambda: family(pids["nginx"]))
            )
            header = ("X-Cartable-Origin: content",)
            with boxes.direct(box.config) as (address, pid):
                runs["direct"].append(load.wrk(address, ours, clients, SECONDS, functools.partial(family, pid), header))
            before = cpu_seconds(box.front())
            runs["behind"].append(load.wrk(box.content, ours, clients, SECONDS, box.hub))
            front.append((cpu_seconds(box.front()) - before) / max(1, runs["behind"][-1].requests) * 1e6)
            runs["kiwix"].append(load.wrk(kiwix_at, theirs, clients, SECONDS, lambda: family(pids["kiwix"])))
        if any(run.errors for several in runs.values() for run in several):
            raise RuntimeError(f"errors under load: {runs}")
        _resource_rows(table, clients, runs, statistics.median(front))


def _resource_rows(table: Table, clients: int, runs: dict[str, list[load.Load]], front: float) -> None:
    cost = {name: statistics.median(run.cpu_us for run in several) for name, several in runs.items()}
    rate = {name: statistics.median(run.per_second for run in several) for name, several in runs.items()}
    label = f"resource page, gzip, {clients} clients: CPU per request"
    table.add(
        label, cost["direct"], cost["nginx"], unit="us", peer_name="nginx static", target="<= 1.5 x nginx",
        met=lambda _, ratio: ratio <= 1.5,
    )  # fmt: skip
    table.add(
        label, cost["direct"], cost["kiwix"], unit="us", peer_name="kiwix 3.7", target="<= 1/20 of kiwix",
        met=lambda _, ratio: ratio <= 1 / 20,
    )  # fmt: skip
    table.add(label + ", hub + nginx in front", cost["behind"] + front, cost["kiwix"], unit="us", peer_name="kiwix 3.7")
    table.add(
        f"resource page, {clients} clients: requests/s", rate["direct"], rate["kiwix"], unit="/s",
        peer_name="kiwix 3.7",
    )  # fmt: skip


def queries(seed: int) -> list[str]:
    """One or two words of the titles of articles, as people type them."""
    chance = random.Random(seed)
    titles = [re.sub(r"[-_.0-9]+", " ", p.stem) for p in sorted(corpus.html_folder().rglob("*.html"))]
    words = sorted({w for title in titles for w in title.split() if len(w) > 3 and w.isalpha()})
    return [urllib.parse.quote(" ".join(chance.sample(words, chance.choice((1, 1, 2))))) for _ in range(QUERIES)]


def searching(table: Table, box: Ours, kiwix_at: str, pids: dict[str, int]) -> None:
    """CPU of 25 hits with snippets, all processes of each side, every query new to both."""
    book = kiwix.book_name(corpus.zim())
    cost: dict[str, list[float]] = {"json": [], "page": [], "kiwix": []}
    for turn in range(ROUNDS):
        asked = queries(turn)
        cost["json"].append(_cpu_of(box.pages, [f"/api/search?limit=25&q={q}" for q in asked], box.hub()))
        cost["page"].append(_cpu_of(box.pages, [f"/etagere?q={q}" for q in asked], box.hub()))
        paths = [f"/search?books.name={book}&pattern={q}&pageLength=25" for q in asked]
        cost["kiwix"].append(_cpu_of(kiwix_at, paths, family(pids["kiwix"])))
    json, page, other = (statistics.median(values) * 1000 for values in cost.values())
    table.add(
        "search, 25 hits with snippets (JSON): CPU", json, other, unit="ms", peer_name="kiwix 3.7",
        target="<= 1/10 of kiwix", met=lambda _, ratio: ratio <= 0.1,
    )  # fmt: skip
    table.add(
        "search, the pupil's page of results (9 cards of 45 hits): CPU", page, other, unit="ms",
        peer_name="kiwix 3.7",
    )  # fmt: skip


def _cpu_of(base: str, paths: Sequence[str], pids: Sequence[int]) -> float:
    """CPU seconds per request, one after the other."""
    address = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
    before = cpu_seconds(pids)
    for path in paths:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}")
    return (cpu_seconds(pids) - before) / len(paths)


def videos(table: Table, box: Ours, nginx_at: str, pids: dict[str, int]) -> None:
    """1 MiB ranges of the same file: through the box's nginx, and from nginx that serves a plain file."""
    path = corpus.video()
    blob = _blob(box, "video")
    root = corpus.html_folder()
    plain = root / path.name
    if not plain.exists():
        with contextlib.suppress(OSError):
            os.link(path, plain)
        if not plain.exists():
            shutil.copy(path, plain)
    cost: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(max(3, ROUNDS)):
        cost["ours"].append(_range_cost(f"{box.content}/blob/{blob}/original{path.suffix}", path, box.front()))
        cost["plain"].append(_range_cost(f"{nginx_at}/{path.name}", path, family(pids["nginx"])))
    table.add(
        "video, CPU per 1 MiB Range behind nginx", statistics.median(cost["ours"]), statistics.median(cost["plain"]),
        unit="us", peer_name="nginx static", target="within 10 %", met=lambda _, ratio: ratio <= 1.1,
    )  # fmt: skip


def _range_cost(url: str, path: Path, pids: Sequence[int]) -> float:
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
    size, chance = path.stat().st_size, random.Random(3)
    before = cpu_seconds(pids)
    for _ in range(1500):
        start = chance.randrange(0, max(1, size - 2**20))
        connection.request("GET", address.path, headers={"Range": f"bytes={start}-{start + 2**20 - 1}"})
        answer = connection.getresponse()
        if answer.status != 206 or len(answer.read()) != 2**20:
            raise RuntimeError(f"{answer.status} for a range of {url}")
    return (cpu_seconds(pids) - before) / 1500 * 1e6


def starvation(table: Table, box: Ours) -> None:
    """Latency of pages, calm and then with four clients that search without pause."""
    blob = _blob(box, "100 MB ZIM")
    urls = [f"{box.content}/zim/{blob}/{p}" for p in articles()] + [f"{box.pages}/etagere", f"{box.pages}/reglages"] * 5
    calm, busy = [], []
    for _ in range(ROUNDS):
        calm.append(asyncio.run(load.paced(urls, 30, 1.0, 2 * SECONDS)))
        stop = threading.Event()
        searchers = [threading.Thread(target=_search_on, args=(box, n, stop)) for n in range(4)]
        for thread in searchers:
            thread.start()
        busy.append(asyncio.run(load.paced(urls, 30, 1.0, 2 * SECONDS)))
        stop.set()
        for thread in searchers:
            thread.join()
    if any(run.errors for run in calm + busy):
        raise RuntimeError("pages failed while searching")
    idle, searched = (statistics.median(run.percentile(0.99) for run in runs) for runs in (calm, busy))
    table.add(
        "p99 of pages while 4 clients search without pause", searched, idle, unit="ms", peer_name="idle",
        target="<= 2 x idle", met=lambda _, ratio: ratio <= 2,
    )  # fmt: skip


def _search_on(box: Ours, number: int, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", box.config.edge.port, timeout=30)
    words = itertools.cycle(queries(number))
    while not stop.is_set():
        connection.request("GET", f"/etagere?q={next(words)}")
        connection.getresponse().read()


def memory(table: Table, box: Ours) -> None:
    """Private memory of all hub processes after 500 searches, 60 clients reading."""
    blob = _blob(box, "100 MB ZIM")
    asked = [word for seed in range(500 // QUERIES + 1) for word in queries(seed)][:500]
    _cpu_of(box.pages, [f"/etagere?q={word}" for word in asked], [])
    load.wrk(box.content, [f"/zim/{blob}/{p}" for p in articles()], 60, SECONDS, box.hub)
    ours = private_bytes(box.hub())
    port = free_port()
    with kolibri.start(port) as peer:
        kolibri.visit(port)
        theirs = private_bytes(family(peer.pid))
    table.add(
        "private memory of all hub processes, 60 clients, 500 searches", ours / 2**20, theirs / 2**20, unit="MB",
        peer_name="Kolibri 0.19.5", target="<= 150 MB", met=lambda mb, _: mb <= 150,
    )  # fmt: skip


def cold_start(table: Table, config: Config) -> None:
    """From the start of the hub's process to its first page, with the library of this benchmark."""
    times = []
    for _ in range(ROUNDS):
        with boxes.running(config) as box:
            times.append(box.started_in)
    table.add(
        "cold start to the first page", statistics.median(times), unit="s", target="<= 2 s", met=lambda s, _: s <= 2
    )


def rush(table: Table, folder: Path) -> None:
    """Sixty tablets open the home page, their animal's page and one resource within one second."""
    demonstration = Path(__file__).parents[1] / "demonstration"
    with boxes.running(boxes.configure(folder / "class", demonstration)) as box:
        until(lambda: all(j["state"] in ("done", "failed") for j in box.api("GET", "/api/library/jobs")["jobs"]),
              600, "import of the demonstration")  # fmt: skip
        readable = [r for r in box.api("GET", "/api/library")["resources"] if r["format"] in ("zim", "pdf", "epub")]
        visits = [[f"{box.pages}/", f"{box.pages}/lire/{readable[n % len(readable)]['id']}"] for n in range(60)]
        runs = [asyncio.run(load.storm(visits, 1.0)) for _ in range(ROUNDS)]
    worst = statistics.median(run.percentile(0.99) for run in runs)
    table.add("60 tablets, home and one resource within 1 s: p99", worst, unit="ms", target="<= 1000 ms",
              met=lambda ms, _: ms <= 1000)  # fmt: skip
    table.add("60 tablets, home and one resource within 1 s: errors", float(sum(run.errors for run in runs)),
              target="0", met=lambda errors, _: errors == 0)  # fmt: skip


if __name__ == "__main__":
    main()
