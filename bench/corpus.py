# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the benchmarks serve and import: real documentation of Debian 12, built once and kept in the cache.

Licences: gimp-help GFDL-1.2+, debian-handbook GPL-2+ or CC-BY-SA-3.0, Python's documentation PSF-2.0,
LibreOffice's help MPL-2.0, debian-reference and developers-reference GPL-2+. Video and small files are
made here. ``python -m bench.corpus`` builds and lists everything.
"""

from __future__ import annotations

import gzip
import html
import os
import random
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import pypdfium2
from libzim.writer import Creator, FileProvider, Hint, Item, StringProvider

from bench.peers import cache, debian

SUITE = "bookworm"
LANGUAGES = ("fr-FR", "en-US", "de-DE", "es-ES", "it-IT")
"""Of the Debian handbook, which comes in 26."""
TREES = {
    **{f"debian-handbook/{name}": f"usr/share/doc/debian-handbook/html/{name}" for name in LANGUAGES},
    "gimp": "usr/share/gimp/2.0/help",
    "python": "usr/share/doc/python3.11/html",
    "libreoffice": "usr/share/libreoffice/help",
}
PACKAGES = (
    "debian-handbook",
    "gimp-help-fr",
    "libreoffice-help-common",
    "libreoffice-help-fr",
    "python3.11-doc",
)
ARTICLE = "debian-handbook/fr-FR/sect.http-web-server.html"
"""A page of 39,071 bytes, 10.5 KB compressed: the one that earlier figures were taken with."""
TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain",
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif",
    ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
}  # fmt: skip
"""Files of the packages that belong to the corpus, and their media types."""
COMPRESSED = (".html", ".css", ".js", ".svg", ".txt")
PAGES = 300
PDFS = {
    "debian-reference-fr": "usr/share/debian-reference/debian-reference.fr.pdf",
    "developers-reference-fr": "usr/share/developers-reference/fr/developers-reference.pdf",
}
SMALL_FILES = 1000
CLIP_SECONDS, CLIPS, FRAMES_PER_SECOND = 10, 30, 25
BITS_PER_SECOND = 4_000_000


def html_folder() -> Path:
    """4,414 HTML articles and what they show; each text file has its ``.gz`` beside it, for gzip_static."""
    return cache.once("corpus-html-1", _build_html)


def zim() -> Path:
    """The same files at the same paths in a ZIM of about 100 MB, with full-text and title index."""
    return cache.once("corpus-1.zim", _build_zim)


def big_pdf() -> Path:
    """300 pages of French text."""
    return cache.once("corpus-300-pages-1.pdf", _build_pdf)


def small_folder() -> Path:
    """1,000 files of 0.2 to 8 KB in 20 folders, an ``index.html`` that links the pages among them."""
    return cache.once("corpus-small-files-1", _build_small)


def small_files() -> Path:
    """``small_folder`` as a web bundle: a zip with ``index.html`` at its root."""
    return cache.once("corpus-small-files-1.zip", _build_bundle)


def video() -> Path:
    """160 MB, 5 minutes of MP4 (H.264 640x360 at 4 Mbit/s, index first) that a browser plays."""
    return cache.once("corpus-video-1.mp4", _build_video)


def _build_html(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="cartable-corpus-") as name:
        packages = Path(name) / "packages"
        debian.unpack(SUITE, PACKAGES, packages)
        for place, source in TREES.items():
            for file in _files(packages / source):
                copy = target / place / file.relative_to(packages / source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        shutil.copyfile(packages / "packages.txt", target / "packages.txt")
    links = "".join(
        f'<li><a href="{place}/{page.name}">{html.escape(_title(page))}</a></li>\n'
        for place in TREES
        for page in sorted((target / place).glob("index.html"))
    )
    (target / "index.html").write_text(_page("Documentation", f"<ul>\n{links}</ul>"), encoding="utf-8")
    for file in _files(target):
        if file.suffix in COMPRESSED:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


def _build_zim(target: Path) -> None:
    root = html_folder()
    creator = Creator(target).config_indexing(True, "fra").config_nbworkers(2)
    creator.set_mainpath("index.html")
    with creator:
        for file in _files(root):
            creator.add_item(_File(root, file))
        for name, value in (
            ("Title", "Documentation"), ("Description", "Documentation libre de Debian 12"),
            ("Language", "fra"), ("Name", "cartable_bench_fr"), ("Date", "2026-01-01"),
            ("Creator", "Debian"), ("Publisher", "Cartable"),
        ):  # fmt: skip
            creator.add_metadata(name, value)
        creator.add_illustration(48, _square(48))


class _File(Item):  # type: ignore[misc]
    """A file of the corpus as libzim's Creator takes it."""

    def __init__(self, root: Path, file: Path) -> None:
        super().__init__()
        self.file, self.path = file, file.relative_to(root).as_posix()

    def get_path(self) -> str:
        return self.path

    def get_title(self) -> str:
        return _title(self.file) if self.file.suffix == ".html" else ""

    def get_mimetype(self) -> str:
        return TYPES[self.file.suffix]

    def get_contentprovider(self) -> FileProvider | StringProvider:
        return FileProvider(self.file)

    def get_hints(self) -> dict[Hint, int]:
        return {Hint.FRONT_ARTICLE: int(self.file.suffix == ".html")}


def _files(root: Path) -> Iterator[Path]:
    """Files of a known type, in order; the ``.gz`` siblings, links and anything else are left out."""
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            file = Path(folder) / name
            if file.suffix in TYPES and name != "packages.txt" and not file.is_symlink():
                yield file


def _title(page: Path) -> str:
    source = page.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"<title[^>]*>(.*?)</title>", source, re.S | re.I)
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""
    return text or page.stem


def _page(title: str, body: str) -> str:
    head = f'<!doctype html>\n<html lang="fr">\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
    return f"{head}<h1>{html.escape(title)}</h1>\n{body}\n</html>\n"


def _square(side: int) -> bytes:
    """A plain PNG."""
    rows = zlib.compress((b"\0" + b"\x2a\x6f\x97" * side) * side)
    chunks = ((b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    image = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        image += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return image


def _build_pdf(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="cartable-corpus-") as name:
        packages = Path(name) / "packages"
        debian.unpack(SUITE, tuple(PDFS), packages)
        whole = pypdfium2.PdfDocument.new()
        for place in PDFS.values():
            part = pypdfium2.PdfDocument(packages / place)
            whole.import_pages(part, list(range(min(len(part), PAGES - len(whole)))))
        if len(whole) != PAGES:
            raise RuntimeError(f"{len(whole)} pages instead of {PAGES}: the packages have changed")
        whole.save(target)


def _build_small(target: Path) -> None:
    chance = random.Random(1)
    words = _words()
    names = []
    for number in range(1, SMALL_FILES):
        kind = ("html", "html", "js", "css", "svg")[number % 5]
        file = target / f"{number % 20:02}" / f"{number:04}.{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(chance.choices(words, k=chance.randrange(20, 800)))
        file.write_text(_small(kind, f"Fiche {number}", text), encoding="utf-8")
        names.append(file.relative_to(target).as_posix())
    links = "".join(f'<li><a href="{name}">{name}</a></li>\n' for name in names if name.endswith("html"))
    (target / "index.html").write_text(_page("Fiches", f"<ul>\n{links}</ul>"), encoding="utf-8")


def _words() -> list[str]:
    text = re.sub(r"<[^>]+>", " ", (html_folder() / ARTICLE).read_text(encoding="utf-8"))
    return re.findall(r"[^\W\d_]+", html.unescape(text))


def _small(kind: str, title: str, text: str) -> str:
    if kind == "html":
        return _page(title, f"<p>{text}</p>")
    if kind == "svg":
        said = f"<title>{title}</title><desc>{text}</desc>"
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{said}</svg>\n'
    return f"/* {title}: {text} */\n"


def _build_bundle(target: Path) -> None:
    root = small_folder()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(root).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, file.read_bytes())


def _build_video(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="cartable-corpus-") as name:
        clip = Path(name) / "clip.mp4"
        _encode_clip(clip)
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as whole:
            with av.open(str(clip)) as model:
                stream = whole.add_stream_from_template(model.streams.video[0])
            for turn in range(CLIPS):
                with av.open(str(clip)) as part:
                    for packet in part.demux(video=0):
                        if packet.pts is None or packet.dts is None:
                            continue
                        later = round(turn * CLIP_SECONDS / packet.time_base)
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        packet.stream = stream
                        whole.mux(packet)


def _encode_clip(clip: Path) -> None:
    """Noise: a test picture would compress too well to weigh 4 Mbit/s."""
    chance = random.Random(2)
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 360, "yuv420p", BITS_PER_SECOND
        stream.codec_context.options = {"preset": "ultrafast", "threads": "1", "g": "50"}
        for _ in range(CLIP_SECONDS * FRAMES_PER_SECOND):
            frame = av.VideoFrame(640, 360, "yuv420p")
            for plane in frame.planes:
                plane.update(chance.randbytes(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def main() -> None:
    """Build everything, say where it is and what it weighs."""
    for path in (html_folder(), zim(), big_pdf(), small_folder(), small_files(), video()):
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        print(f"{megabytes:7.1f} MB  {len(files):6,} files  {path}")


if __name__ == "__main__":
    main()
