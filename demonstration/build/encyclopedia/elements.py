# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The chemical elements, from Kalzium."""

from __future__ import annotations

import html

from common import Places, read_xml

from encyclopedia.book import Article, Book, listing, slug, translations

FAMILIES = {
    "Non-Metal": "non-métal",
    "Noblegas": "gaz noble",
    "Alkali_Earth": "métal alcalino-terreux",
    "Alkaline_Earth": "métal alcalino-terreux",
    "Alkali_Metals": "métal alcalin",
    "Metalloids": "métalloïde",
    "Halogene": "halogène",
    "Halogens": "halogène",
    "Transition": "métal de transition",
    "Other_Metal": "métal pauvre",
    "Rare_Earth": "terre rare",
    "Lanthanides": "lanthanide",
    "Actinides": "actinide",
}


def add_elements(book: Book, where: Places) -> None:
    """Add the chemical elements."""
    french = translations(where, "kalzium")
    space = "{http://www.xml-cml.org/schema}"
    root = read_xml(where.share / "libkdeedu/data/elements.xml")
    links = []
    for atom in root.iter(f"{space}atom"):
        facts = {node.get("dictRef"): (node.text or node.get("value") or "").strip() for node in atom}
        number = int(facts["bo:atomicNumber"])
        if number == 0:
            continue
        name, symbol = french("", facts["bo:name"]).lower(), facts["bo:symbol"]
        rows = [
            ("Symbole", symbol),
            ("Numéro atomique", str(number)),
            ("Masse atomique", f"{comma(facts.get('bo:mass', '?'))} u"),
        ]
        family = FAMILIES.get(facts.get("bo:family", ""), "")
        rows += [("Famille", family)] if family else []
        for key, label in (("bo:meltingpoint", "Point de fusion"), ("bo:boilingpoint", "Point d’ébullition")):
            if facts.get(key):
                kelvin = float(facts[key])
                rows.append((label, f"{comma(f'{kelvin - 273.15:.1f}')} °C ({comma(f'{kelvin:.1f}')} K)"))
        if facts.get("bo:electronegativityPauling", "0") not in {"", "0", "0.0"}:
            rows.append(("Électronégativité (Pauling)", comma(facts["bo:electronegativityPauling"])))
        if facts.get("bo:electronicConfiguration"):
            rows.append(("Configuration électronique", facts["bo:electronicConfiguration"]))
        if facts.get("bo:discoveryDate", "0") not in {"", "0"}:
            rows.append(("Année de la découverte", facts["bo:discoveryDate"]))
        if facts.get("bo:discoverers"):
            rows.append(("Découverte par", facts["bo:discoverers"].replace(";", ", ")))
        origin = french("", facts.get("bo:nameOrigin", ""))
        if facts.get("bo:nameOrigin") and origin != facts["bo:nameOrigin"]:
            rows.append(("Origine du nom", origin))
        table = "".join(f"<tr><th scope='row'>{a}</th><td>{html.escape(b)}</td></tr>" for a, b in rows)
        kind = f" de la famille « {family} »" if family else ""
        path = f"elements/{slug(name)}"
        book.articles.append(
            Article(
                path,
                f"{name.capitalize()} ({symbol})",
                (
                    f"<p><strong>{name.capitalize()}</strong> : élément chimique{kind}, de symbole "
                    f"<strong>{symbol}"
                    f"</strong>. Son noyau contient {number} "
                    f"proton{'s' * (number > 1)}.</p><table>{table}</table>"
                    '<p><a href="../elements/liste">Tous les éléments</a></p>'
                ),
            )
        )
        links.append((path, f"{number}. {name} ({symbol})"))
    book.articles.append(
        Article(
            "elements/liste",
            "Éléments chimiques du tableau périodique",
            f"<p>{len(links)} éléments, du plus léger au plus lourd.</p>{listing(links, '../')}",
        )
    )


def comma(number: str) -> str:
    """Write a number with the French decimal comma."""
    return number.replace(".", ",").replace("-", "−")
