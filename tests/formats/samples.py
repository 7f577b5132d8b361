# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Small files of every kind, made on the spot by the libraries that own the formats. Deterministic where they are."""

from __future__ import annotations

import fractions
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from libzim.writer import Creator, Hint, Item, StringProvider
from PIL import Image, ImageDraw


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    image = Image.new(mode, size)
    ImageDraw.Draw(image).ellipse((5, 5, size[0] - 5, size[1] - 5), fill=(200, 80, 40) if mode == "RGB" else None)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def zipped(path: Path, files: Mapping[str, str | bytes], stored: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data, zipfile.ZIP_STORED if name in stored else None)
    return path


def web_bundle(path: Path, folder: str = "", more: Mapping[str, str | bytes] | None = None) -> Path:
    pages: dict[str, str | bytes] = {
        f"{folder}index.html": "<!doctype html><html lang=fr><title>Les volcans</title>"
        '<meta name=description content="Un dossier"><p>La lave coule.<script>alert("caché")</script>',
        f"{folder}pages/deux.html": "<html><title>Deux</title><body>Le cratère fume.",
        f"{folder}cover.png": picture(),
    }
    return zipped(path, pages | {folder + name: data for name, data in (more or {}).items()})


_OPF = """<package xmlns="http://www.idpf.org/2007/opf" version="{version}" unique-identifier="i">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>
<dc:title>Le Petit Livre</dc:title><dc:language>fr</dc:language><dc:creator>Zoé Martin</dc:creator>
<dc:rights>CC BY-SA 4.0</dc:rights><meta name="cover" content="img"/></metadata>
<manifest><item id="c1" href="un.xhtml" media-type="application/xhtml+xml"/>
<item id="c2" href="deux%20bis.xhtml" media-type="application/xhtml+xml"/>
<item id="img" href="img/couverture.jpg" media-type="image/jpeg"{cover}/>{nav}</manifest>
<spine toc="ncx"><itemref idref="c1"/><itemref idref="c2"/><itemref idref="img" linear="no"/></spine></package>"""
_CHAPTER = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{0}</title></head><body><p>{1}</p></body></html>'
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><ol><li><a href="un.xhtml">Chapitre un</a><ol><li><a href="un.xhtml#b">Suite</a></li></ol></li>
<li><a href="deux%20bis.xhtml">Chapitre deux</a></li></ol></nav></body></html>"""
_NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Chapitre un</text>
</navLabel><content src="un.xhtml"/><navPoint><navLabel><text>Suite</text></navLabel><content src="un.xhtml#b"/>
</navPoint></navPoint><navPoint><navLabel><text>Chapitre deux</text></navLabel><content src="deux%20bis.xhtml"/>
</navPoint></navMap></ncx>"""


def epub(path: Path, version: str = "3.0", more: Mapping[str, str | bytes] | None = None) -> Path:
    """EPUB 3 with a navigation document, EPUB 2 with an NCX."""
    three = version.startswith("3")
    nav = (
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        if three
        else '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/livre.opf"/></rootfiles></container>',
        "OEBPS/livre.opf": _OPF.format(version=version, nav=nav, cover=' properties="cover-image"' if three else ""),
        "OEBPS/un.xhtml": _CHAPTER.format("Un", "Il était une fois un hérisson."),
        "OEBPS/deux bis.xhtml": _CHAPTER.format("Deux", "Il traversa la forêt."),
        "OEBPS/img/couverture.jpg": picture("JPEG", (900, 1200)),
        "OEBPS/nav.xhtml" if three else "OEBPS/toc.ncx": _NAV if three else _NCX,
    }
    return zipped(path, files | dict(more or {}), stored=("mimetype",))


def docx(path: Path) -> Path:
    return zipped(
        path,
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Une le</w:t></w:r><w:r><w:t>çon'
            "</w:t></w:r></w:p><w:p><w:r><w:t>de choses</w:t></w:r></w:p></w:body></w:document>",
            "docProps/core.xml": '<c:coreProperties xmlns:c="c" xmlns:dc="d"><dc:title>Fiche</dc:title>'
            "<dc:creator>Ali</dc:creator><dc:language>fr-FR</dc:language></c:coreProperties>",
        },
    )


def odt(path: Path) -> Path:
    kind = "application/vnd.oasis.opendocument.text"
    return zipped(
        path,
        {
            "mimetype": kind,
            "content.xml": '<o:c xmlns:o="o" xmlns:t="t"><t:h>Titre</t:h><t:p>Un<t:s/>mot</t:p></o:c>',
            "meta.xml": '<o:m xmlns:o="o" xmlns:d="d"><d:title>Ma fiche</d:title><d:language>br</d:language></o:m>',
            "Thumbnails/thumbnail.png": picture(),
        },
        stored=("mimetype",),
    )


def pdf(path: Path, pages: int = 3) -> Path:
    """A PDF with a cross-reference table and one line of text on each page."""
    texts = [f"BT /F1 24 Tf 72 700 Td (Page {n + 1} : une fraction) Tj ET" for n in range(pages)]
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Title (Les fractions) /Author (Mme Diop) >>",
    ]
    for n, text in enumerate(texts):
        font = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {font} /Contents {6 + 2 * n} 0 R >>")
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    path.write_bytes((out + head + trailer).encode("latin-1"))
    return path


def film(path: Path, codec: str = "libx264", sound: str | None = "aac", seconds: int = 2, **tags: str) -> Path:
    with av.open(str(path), "w") as out:
        out.metadata.update(tags)
        video = out.add_stream(codec, rate=10)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = out.add_stream(sound, rate=48000, layout="mono") if sound else None
        for n in range(10 * seconds):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (n * 10 % 255, 90, 20)))  # type: ignore[no-untyped-call]
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if isinstance(audio, AudioStream):
            _beep(out, audio, seconds)
    return path


def recording(path: Path, codec: str, seconds: int = 2, rate: int = 48000, **tags: str) -> Path:
    with av.open(str(path), "w") as out:
        out.metadata.update(tags)
        audio = out.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(audio, AudioStream)
        _beep(out, audio, seconds)
    return path


def _beep(out: Any, audio: AudioStream, seconds: int) -> None:
    codec = audio.codec_context
    rate = codec.sample_rate
    size = codec.frame_size or 1024
    resampler = av.AudioResampler(format=codec.format, layout="mono", rate=rate, frame_size=size)
    frame = av.AudioFrame(format="s16", layout="mono", samples=rate * seconds)
    frame.planes[0].update(
        b"".join(((i * 700) % 20000 - 10000).to_bytes(2, "little", signed=True) for i in range(rate * seconds))
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, fractions.Fraction(1, rate)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(audio.encode(part))
    out.mux(audio.encode(None))


class Page(Item):  # type: ignore[misc]  # libzim ships stubs without this base
    """One item of a ZIM under construction."""

    def __init__(
        self, path: str, title: str, content: str | bytes, kind: str = "text/html", front: bool = True
    ) -> None:
        super().__init__()
        self._path, self._title, self._content, self._kind, self._front = path, title, content, kind, front

    def get_path(self) -> str:
        return self._path

    def get_title(self) -> str:
        return self._title

    def get_mimetype(self) -> str:
        return self._kind

    def get_contentprovider(self) -> StringProvider:
        return StringProvider(self._content)

    def get_hints(self) -> dict[Hint, int]:
        return {Hint.FRONT_ARTICLE: int(self._front)}


LARGE = bytes(range(256)) * 2000
"""An item over what the content application keeps in its cache."""


def zim_pages() -> Iterator[Page]:
    yield Page(
        "accueil", "Accueil", '<html lang=fr><title>Accueil</title><h1>Bonjour</h1><a href="animaux/hibou">x</a>'
    )
    yield Page("animaux/hibou", "Le hibou", "<html><body><p>Le hibou chasse la nuit. " + "Il écoute. " * 200)
    yield Page("animaux/été: oui?", "L'été", "<html><body>Un chemin étrange</body></html>")
    yield Page("cadre.html", "", "<html><body>cadre sans titre", front=False)
    yield Page("style.css", "", "p { color: red }" * 100, "text/css", front=False)
    yield Page("i/hibou.png", "", picture(), "image/png", front=False)
    yield Page("v/film.webm", "", LARGE, "video/webm", front=False)
    yield Page("gros.bin", "", LARGE, "application/octet-stream", front=False)
    yield Page("bizarre", "", "x", "text/html\r\nX-Bad: 1", front=False)


def zim(path: Path, pages: Iterator[Page] | None = None) -> Path:
    with Creator(path).config_indexing(False, "fra").config_nbworkers(1) as out:
        out.set_mainpath("accueil")
        for page in pages or zim_pages():
            out.add_item(page)
        if pages is None:
            out.add_redirection("chouette", "Chouette", "animaux/hibou", {})
            out.add_redirection("ete", "Été", "animaux/été: oui?", {})
            out.add_illustration(48, picture(size=(48, 48)))
        words = {"Title": "Les animaux", "Language": "fra,eng", "Creator": "Wikimini", "License": "CC-BY-SA 3.0"}
        for key, value in words.items():
            out.add_metadata(key, value)
    return path
