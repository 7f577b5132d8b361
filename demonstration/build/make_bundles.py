# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make the HTML5 zips: four activities written here (one an xAPI package), two French handbooks repacked."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path

from common import HERE, Places, places, read_xml, write_zip
from docbook import Converter, parse
from make_audio import as_mp3
from PIL import Image

ANIMALS = {
    "mammals/dogs/dog": "le chien",
    "mammals/equines/horse": "le cheval",
    "mammals/bovines/cow": "la vache",
    "mammals/bovines/sheep": "le mouton",
    "mammals/bovines/goat": "la chèvre",
    "mammals/pig": "le cochon",
    "mammals/equines/donkey": "l’âne",
    "birds/rooster": "le coq",
    "birds/duck": "le canard",
    "birds/turkey": "le dindon",
    "birds/owl": "le hibou",
    "birds/cuckoo": "le coucou",
    "birds/crow": "le corbeau",
    "birds/seagull": "la mouette",
    "insects/bee": "l’abeille",
    "amphibians/frog": "la grenouille",
    "mammals/rodents/mouse": "la souris",
    "mammals/dogs/fox": "le renard",
    "mammals/bears/bear": "l’ours",
    "mammals/cats/lion": "le lion",
    "mammals/cats/tiger": "le tigre",
    "mammals/elephant": "l’éléphant",
    "mammals/aquatic/dolphin": "le dauphin",
    "mammals/aquatic/whale": "la baleine",
}
TENSES = [
    ("present", "Présent de l’indicatif", "indicative/present"),
    ("imparfait", "Imparfait", "indicative/imperfect"),
    ("futur", "Futur simple", "indicative/future"),
    ("passe-simple", "Passé simple", "indicative/simple-past"),
    ("conditionnel", "Conditionnel présent", "conditional/present"),
    ("subjonctif-present", "Subjonctif présent", "subjunctive/present"),
    ("imperatif", "Impératif présent", "imperative/imperative-present"),
    ("participe-present", "Participe présent", "participle/present-participle"),
    ("participe-passe", "Participe passé", "participle/past-participle"),
]
STYLE = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;color:#1b1b1b}"
    "img{max-width:100%;height:auto}pre{background:#f2f2f2;padding:.6rem;overflow:auto}a{color:#00508f}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .5rem}"
)


def activity(name: str, **data: object) -> bytes:
    """Return the page of an activity, its data put where the page marks their place."""
    text = (HERE / "bundles" / name / "index.html").read_text("utf-8")
    for key, value in data.items():
        shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text = re.sub(rf"/\*{key.upper()}\*/(\[\]|\{{\}})", lambda _, shown=shown: shown, text)
    return text.encode()


def with_keywords(page: bytes, words: Iterable[str]) -> bytes:
    """Return the page with the words that its script writes, so that a search finds them."""
    told = html.escape(", ".join(words), quote=True)
    return page.replace(b"</title>", f'</title>\n<meta name="keywords" content="{told}">'.encode(), 1)


def animals(where: Places) -> dict[str, bytes]:
    """Return the members of the sound picture book, from the stamps of Tux Paint."""
    folder, members, listed = where.share / "tuxpaint/stamps/animals", {}, []
    for path, name in ANIMALS.items():
        key = path.rsplit("/", 1)[-1]
        picture = Image.open(folder / f"{path}.png").convert("RGBA")
        picture.thumbnail((260, 220))
        buffer = io.BytesIO()
        picture.quantize(128).save(buffer, "PNG", optimize=True)
        members[f"images/{key}.png"] = buffer.getvalue()
        members[f"sons/{key}-cri.mp3"] = as_mp3([folder / f"{path}.ogg"])
        members[f"sons/{key}-nom.mp3"] = as_mp3([folder / f"{path}_desc_fr.ogg"])
        listed.append({"id": key, "name": name})
    members["index.html"] = with_keywords(activity("imagier", animals=listed), ANIMALS.values())
    return members


def conjugations(where: Places) -> dict[str, bytes]:
    """Return the members of the conjugation activity, from the tables of Verbiste."""
    folder = next(iter(sorted(where.share.glob("verbiste*"))))
    models = {node.get("name"): node for node in read_xml(folder / "conjugation-fr.xml")}
    known = {node.findtext("i"): node.findtext("t") or "" for node in read_xml(folder / "verbs-fr.xml")}
    verbs = {}
    chosen = (HERE / "texts" / "verbes.txt").read_text("utf-8").split()
    for verb in sorted(chosen, key=lambda item: item.translate(str.maketrans("éèêî", "eeei"))):
        model = known[verb]
        stem = verb.removesuffix(model.split(":")[1])
        verbs[verb] = {
            key: [
                stem + (person.findtext("i") or "") if person.find("i") is not None else ""
                for person in (models[model].find(path) or [])
            ]
            for key, _, path in TENSES
        }
    tenses = [[key, label] for key, label, _ in TENSES]
    page = activity("conjugueur", tenses=tenses, verbs=verbs)
    return {"index.html": with_keywords(page, ["conjugaison", *(label for _, label, _ in TENSES), *verbs])}


def capitals() -> dict[str, bytes]:
    """Return the members of the game of capitals, an xAPI package."""
    folder = HERE / "bundles" / "capitales"
    members = {path.name: path.read_bytes() for path in folder.iterdir()}
    listed = re.findall(r'"([^"]+)", "[|=+]#', members["index.html"].decode())
    words = ["capitale", "pays", "drapeau", "Europe", *listed]
    return {**members, "index.html": with_keywords(members["index.html"], words)}


def kturtle(where: Places) -> dict[str, bytes]:
    """Return the members of the French handbook of KTurtle."""
    folder = where.share / "doc/HTML/fr/kturtle"
    chapters = [
        next(iter(parse((folder / f"{name}.docbook").read_text("utf-8"))))
        for name in ("getting-started", "using-kturtle", "programming-reference", "glossary")
    ]
    pages = {f"chapitre-{number}.html": chapter for number, chapter in enumerate(chapters, 1)}
    addresses = {}
    for name, chapter in pages.items():
        addresses.update({node.get("id", ""): name for node in chapter.iter() if node.get("id")})
    members: dict[str, bytes] = {}
    contents = []
    for name, chapter in pages.items():
        page = Converter(addresses).page(chapter)
        body = page.body
        for picture in page.pictures:
            if (folder / picture).exists():
                members[picture] = (folder / picture).read_bytes()
            else:
                body = body.replace(f'<img src="{picture}" alt="">', "")
        members[name] = sheet(page.title, f'<p><a href="index.html">Sommaire</a></p>{body}')
        contents.append(f'<li><a href="{name}">{html.escape(page.title)}</a></li>')
    members["index.html"] = sheet(
        "Programmer avec KTurtle",
        (
            "<p>Manuel de KTurtle : faire dessiner une tortue avec un petit langage de programmation dont "
            "les commandes "
            f"sont en français.</p><ol>{''.join(contents)}</ol><p>© 2004-2007 Cies Breijs, Anne-Marie "
            "Mahfouf, Mauricio "
            "Piacentini et les traducteurs de KDE. GNU FDL, version 1.2 ou suivante, sans section "
            "invariante ; extrait "
            "du paquet kturtle, converti en HTML.</p>"
        ),
    )
    return members


def sheet(title: str, body: str) -> bytes:
    """Return a plain page."""
    return (
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>"
    ).encode()


def intervals(where: Places) -> dict[str, bytes]:
    """Return the members of the French chapter on intervals of the GNU Solfege handbook."""
    folder = where.share / "doc/solfege/help"
    body, members = "", {}
    for name in ("theory-intervals", "inverting-intervals"):
        page = (folder / "fr" / f"{name}.html").read_text("utf-8")
        page = page.split("</head>")[1].split("<body", 1)[1].split(">", 1)[1].split("</body>")[0]
        page = re.sub(r'<div class="nav(header|footer)".*?</div>', "", page, flags=re.DOTALL)
        body += re.sub(r"</?a[^>]*>", "", page)
    for source in set(re.findall(r'<img[^>]*src="([^"]+)"', body)):
        path = (folder / "fr" / source).resolve()
        name = f"images/{path.name}"
        body = body.replace(f'src="{source}"', f'src="{name}"')
        members[name] = path.read_bytes()
    credit = (
        "<p>© 1999-2016 Tom Cato Amundsen et les auteurs de GNU Solfege. GPL, version 3 ou suivante ; "
        "chapitre du "
        "manuel français, paquet solfege-doc.</p>"
    )
    return {**members, "index.html": sheet("Les intervalles en musique", body + credit)}


def build(where: Places) -> dict[str, dict[str, bytes]]:
    """Return every zip with its members."""
    return {
        "fractions-a-colorier.zip": {"index.html": activity("fractions")},
        "les-capitales-d-europe.zip": capitals(),
        "imagier-sonore-animaux.zip": animals(where),
        "conjugueur.zip": conjugations(where),
        "programmer-avec-kturtle.zip": kturtle(where),
        "intervalles-musique.zip": intervals(where),
    }


def main() -> None:
    """Write the zips."""
    where = places(__doc__ or "")
    for name, members in build(where).items():
        write_zip(Path(where.output) / name, members)
        print(name, len(members), "files")


if __name__ == "__main__":
    main()
