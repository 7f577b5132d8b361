// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Which libraries the box vendors, at which version, and what is taken from each.

import { animals, english, icons } from "./sprites.mjs";

export const TOOLS = { esbuild: "0.28.2", svgo: "4.0.0" };

function font(name, version, holder, family, subsets = ["latin", "latin-ext"]) {
  const copy = {};
  for (const subset of subsets) {
    for (const weight of [400, 700]) copy[`files/${family}-${subset}-${weight}-normal.woff2`] = `${subset}-${weight}.woff2`;
  }
  return {
    name: `@fontsource/${family}`, version, licence: "OFL-1.1", holder, copy,
    url: `https://www.npmjs.com/package/@fontsource/${family}`, purpose: `Reading profile: the font ${name}`,
  };
}

export const LIBRARIES = [
  {
    name: "htmx.org", version: "2.0.11", licence: "0BSD", holder: "Big Sky Software", url: "https://htmx.org",
    purpose: "Live parts of the teacher's pages",
    bundles: [{ entryPoints: ["node_modules/htmx.org/dist/htmx.min.js"], outfile: "htmx.js", bundle: false }],
  },
  {
    name: "foliate-js", version: "1.0.1", licence: "MIT", holder: "John Factotum", url: "https://github.com/johnfactotum/foliate-js",
    purpose: "EPUB reader",
    bundles: [{ stdin: { contents: "import 'foliate-js/view.js'; export { EPUB } from 'foliate-js/epub.js'", resolveDir: "." }, format: "esm", outfile: "foliate.js",
      external: ["./comic-book.js", "./fb2.js", "./mobi.js", "./pdf.js", "./vendor/pdfjs/*", "./search.js", "./tts.js", "./vendor/fflate.js", "./vendor/zip.js"] }],
  },
  {
    name: "pdfjs-dist", version: "4.10.38", licence: "Apache-2.0", spdx: "Apache-2.0 AND BSD-3-Clause AND OFL-1.1", holder: "Mozilla Foundation", url: "https://mozilla.github.io/pdf.js/",
    purpose: "PDF reader", copy: { standard_fonts: "standard_fonts" },
    bundles: [
      { entryPoints: ["node_modules/pdfjs-dist/legacy/build/pdf.mjs"], format: "esm", outfile: "pdf.js" },
      { entryPoints: ["node_modules/pdfjs-dist/legacy/build/pdf.worker.mjs"], format: "iife", outfile: "pdf.worker.js" },
    ],
  },
  {
    name: "lucide-static", version: "1.62.0", licence: "ISC", spdx: "ISC AND MIT", holder: "Lucide Contributors", url: "https://lucide.dev",
    purpose: "Icons", make: (source) => ({ "icons.svg": icons(source) }),
  },
  {
    name: "openmoji", version: "17.0.0", licence: "CC-BY-SA-4.0", holder: "OpenMoji contributors, HfG Schwäbisch Gmünd",
    url: "https://openmoji.org", purpose: "The pupils' animals, the pictures of the English sequences",
    make: (source) => ({ "animals.svg": animals(source), "english.svg": english(source) }),
  },
  font("Atkinson Hyperlegible", "5.3.0", "Braille Institute of America, Inc.", "atkinson-hyperlegible"),
  font("Andika", "5.3.0", "SIL International", "andika"),
  font("Lexend", "5.3.0", "The Lexend Project Authors", "lexend"),
  font("OpenDyslexic", "5.3.0", "Abbie Gonzalez", "opendyslexic", ["latin"]),
];
