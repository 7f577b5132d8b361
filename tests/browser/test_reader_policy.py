# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Our readers are the only pages of the second origin without a sandbox: no resource's script may run in them.

Such a script could set cookies for the hub, which knows no ports in them, and so put a pupil in another's place.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Open
from tests.browser.pages import Who
from tests.rigs.box import Box, until
from tests.rigs.chromium import Watch, eventually

pytestmark = pytest.mark.browser

MARK = "document.documentElement.dataset.ran = 'yes'; (window.parent || window).ran = true;"
LOAD = """address => new Promise(done => {
  const script = document.createElement('script');
  script.src = address; script.onload = () => done('ran'); script.onerror = () => done('refused');
  document.head.append(script);
})"""
CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>
<dc:title>Hostile</dc:title><dc:language>fr</dc:language></metadata>
<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml" properties="scripted"/>
<item id="j" href="own.js" media-type="text/javascript"/></manifest>
<spine><itemref idref="c"/></spine></package>"""
CHAPTER = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>c</title>
<script src="{address}"></script><script src="own.js"></script><script>{mark}</script></head>
<body onload="{mark}"><p>Il était une fois.</p></body></html>"""


def added(box: Box, path: Path) -> dict[str, str]:
    """Import a file; returns its resource and blob."""
    asked = box.client.request("POST", "/api/library", {"path": str(path)})
    assert asked.status == 202, asked.body
    job = asked.json()["id"]
    until(lambda: box.api(f"/api/library/jobs/{job}")["state"] in ("done", "failed"), "no end", 60)
    return next(dict(row) for row in box.rows("SELECT id, blob FROM resource WHERE filename = ?", path.name))


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    return path


@pytest.fixture
def pupil(open_as: Open) -> BrowserContext:
    return open_as(Who.PUPIL)


def test_a_book_cannot_run_the_script_of_another_resource(
    box: Box, pupil: BrowserContext, watch: Watch, tmp_path: Path
) -> None:
    watch.allow("Content Security Policy|violates the following")
    bundle = added(box, archive(tmp_path / "helper.zip", **{"index.html": "<title>x</title>x", "evil.js": MARK}))
    address = f"{box.content}/blob/{bundle['blob']}/files/evil.js"
    chapter = CHAPTER.format(address=address, mark=MARK.replace('"', "&quot;"))
    files = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "c.opf": PACKAGE}
    book = added(box, archive(tmp_path / "hostile.epub", **files, **{"c.xhtml": chapter, "own.js": MARK}))
    try:
        page = pupil.new_page()
        page.goto(f"{box.base}/lire/{book['id']}")
        reader = eventually(
            page, lambda: next((f for f in page.frames if "/static/readers/epub" in f.url), None), "no reader"
        )
        eventually(page, lambda: reader.locator("html[data-ready=yes]").count(), "the book does not open")
        chapters = [frame for frame in page.frames if frame.url.startswith("blob:")]
        assert chapters
        assert not reader.evaluate("window.ran || document.documentElement.dataset.ran || false")
        assert [frame.evaluate("document.documentElement.dataset.ran || ''") for frame in chapters] == [""]
        for frame in (reader, *chapters):
            assert frame.evaluate(LOAD, address) == "refused", json.dumps(frame.url)
        assert reader.evaluate(LOAD, "/static/readers/polyfills.js") == "ran"
    finally:
        for resource in (bundle, book):
            box.client.request("DELETE", f"/api/library/{resource['id']}")
