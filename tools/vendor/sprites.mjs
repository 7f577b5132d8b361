// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Turns single pictures into one sheet of <symbol>s: one request for a page full of them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const HERE = new URL(".", import.meta.url).pathname;
const ICONS = JSON.parse(readFileSync(join(HERE, "icons.json"), "utf8"));
const ENGLISH = JSON.parse(readFileSync(join(HERE, "english.json"), "utf8"));
const ANIMALS = JSON.parse(readFileSync(join(HERE, "animals.json"), "utf8"));

function inside(svg) {
  return svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/<!--[\s\S]*?-->/g, "").trim();
}

function sheet(symbols) {
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

export function icons(source) {
  return sheet(ICONS.map((name) => {
    const body = inside(readFileSync(join(source, "icons", `${name}.svg`), "utf8")).replace(/\s+/g, " ").replace(/> </g, "><");
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" `
      + `stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
  }));
}

export function animals(source) {
  return openmoji(source, ANIMALS);
}

// The pictures of the English sequences, by code without the variation selector (tools/english_pictures.py lists them).
export function english(source) {
  return openmoji(source, ENGLISH);
}

function openmoji(source, codes) {
  const { optimize } = createRequire(join(source, "package.json"))("svgo");
  const plugins = [
    { name: "preset-default", params: { floatPrecision: 1, overrides: { cleanupIds: true, convertPathData: { floatPrecision: 1 } } } },
    { name: "removeHiddenElems" },
  ];
  return sheet(codes.map((code) => {
    const { data } = optimize(readFileSync(join(source, "color/svg", `${code}.svg`), "utf8"), { plugins, multipass: true });
    const id = code.replace(/-FE0F/g, "");
    return `<symbol id="${id}" viewBox="0 0 72 72">${inside(data).replace(/ id="[^"]*"/g, "")}</symbol>`;
  }));
}
