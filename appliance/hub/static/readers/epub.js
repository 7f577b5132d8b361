// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Shows a book from its extracted files, page by page. Its own scripts never run (content security policy).

import "./polyfills.js?v=fafc40011c";
import { EPUB } from "../vendor/foliate-js-1.0.1/foliate.js?v=4adfb68895";
import { anchor, blob, fail, fileUrl, look, onKeys, recall, tell } from "./bridge.js?v=88a732670c";

const SIZES = [112, 137, 162, 225];
const FONTS = { "font-atkinson": "Atkinson Hyperlegible", "font-andika": "Andika", "font-lexend": "Lexend", "font-opendyslexic": "OpenDyslexic" };
const FONTS_SHEET = new URL("../app/fonts.css?v=7822ad6959", import.meta.url).href;
const view = document.getElementById("book");
const panel = document.getElementById("panel");
let size = look.includes("size-huge") ? 2 : look.includes("size-big") ? 1 : 0;

async function loader() {
  const answer = await fetch(fileUrl("manifest.json"));
  if (!answer.ok) { throw new Error("manifest " + answer.status); }
  const files = (await answer.json()).files;
  const open = async (path) => {
    const name = "files/" + decodeURI(path).replace(/^\//, "");
    const got = name in files ? await fetch(fileUrl(name)) : null;
    return got && got.ok ? got : null;
  };
  return {
    loadText: async (path) => { const got = await open(path); return got && got.text(); },
    loadBlob: async (path, type) => { const got = await open(path); return got && new Blob([await got.arrayBuffer()], { type }); },
    getSize: (path) => (files["files/" + path] || { size: 0 }).size,
    sha1: async () => new Uint8Array(20), // only for obfuscated fonts: the tablet's own stand in for them
  };
}

function sheet() {
  const dark = look.includes("theme-dark") || (!look.some((name) => name.startsWith("theme-")) && window.matchMedia("(prefers-color-scheme: dark)").matches);
  const contrast = look.includes("theme-contrast"), wide = look.includes("space-dys");
  const font = FONTS[look.find((name) => name in FONTS)];
  const rules = ["html { font-size: " + SIZES[size] + "% !important; line-height: " + (wide ? 1.9 : 1.5) + "; }", "img, svg { max-width: 100%; }"];
  if (wide) { rules.push("body, body * { letter-spacing: .12em !important; word-spacing: .16em !important; line-height: 1.9 !important; text-align: left !important; hyphens: none !important; }"); }
  if (font) { rules.push('body, body * { font-family: "' + font + '", sans-serif !important; }'); }
  if (dark) { rules.push("html, body { background: #15211d !important; } body, body * { color: #f4f2e6 !important; background-color: transparent !important; } a, a * { color: #ffd877 !important; }"); }
  if (contrast) { rules.push("html, body { background: #fff !important; } body, body * { color: #000 !important; background-color: transparent !important; }"); }
  return (font ? '@import url("' + FONTS_SHEET + '");\n' : "") + rules.join("\n");
}

function list(items, into) {
  items.forEach((item) => {
    const line = into.appendChild(document.createElement("li")), button = line.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = (item.label || "…").trim();
    button.disabled = !item.href;
    button.addEventListener("click", () => { show(false); inTurn(() => view.goTo(item.href)); });
    if (item.subitems && item.subitems.length) { list(item.subitems, line.appendChild(document.createElement("ol"))); }
  });
}

function show(open) {
  panel.hidden = !open;
  document.getElementById("contents").setAttribute("aria-expanded", String(open));
  if (open) { panel.querySelector("button").focus(); }
}

let turning = Promise.resolve(), asked = 0;

function inTurn(work) { // a chapter that is still arriving cannot be taken away
  turning = turning.catch(() => null).then(work);
  return turning;
}

function turn(step) { // the library drops a turn asked while another goes on: keep up to two
  if (asked > 2 || !view.renderer) { return; }
  asked += 1;
  inTurn(() => (step > 0 ? view.goRight() : view.goLeft())).catch(() => null).then(() => { asked -= 1; });
}

function onTap(event) { // outer thirds turn the page
  if (event.defaultPrevented || event.target.closest("a, button, video, audio, input")) { return; }
  const selected = event.view.getSelection();
  if (selected && !selected.isCollapsed) { return; }
  const frame = event.view.frameElement, left = frame ? frame.getBoundingClientRect().left : 0;
  const at = (event.clientX + left) / window.innerWidth;
  if (at < 1 / 3) { turn(-1); } else if (at > 2 / 3) { turn(1); }
}

function onPlace({ detail }) {
  const chapter = detail.tocItem && detail.tocItem.label ? " · " + detail.tocItem.label.trim() : "";
  const line = document.getElementById("state");
  line.hidden = false;
  line.textContent = Math.round(100 * (detail.fraction || 0)) + " %" + chapter;
  tell({ cfi: detail.cfi, fraction: detail.fraction });
}

// The library lays a chapter out when it has arrived, for the size of that moment. A tablet that is turned over before
// would have it lay out what has no body yet, and tell a place in it.
function onlyWhenThere(renderer) {
  const layOut = renderer.render.bind(renderer);
  renderer.render = () => {
    if (renderer.getContents().every(({ doc }) => doc && doc.URL !== "about:blank" && doc.readyState === "complete")) { layOut(); }
  };
}

async function start() {
  if (!blob) { throw new Error("no resource named"); }
  const book = await new EPUB(await loader()).init();
  await view.open(book);
  if (view.renderer.render) { onlyWhenThere(view.renderer); }
  view.addEventListener("relocate", onPlace);
  view.addEventListener("load", ({ detail }) => { onKeys(detail.doc, turn); detail.doc.addEventListener("click", onTap); });
  view.renderer.setAttribute("margin", "24px");
  view.renderer.setAttribute("gap", "6%");
  if (view.renderer.setStyles) { view.renderer.setStyles(sheet()); }
  const before = await recall();
  const asked = /^\d+$/.test(anchor) ? Number(anchor) : anchor.replace(/^files\//, "");
  await inTurn(() => view.init(anchor ? { lastLocation: asked } : { lastLocation: before && before.cfi, showTextStart: false }));
  list(book.toc || [], document.getElementById("toc"));
  document.documentElement.dataset.ready = "yes";
}

document.getElementById("previous").addEventListener("click", () => turn(-1));
document.getElementById("next").addEventListener("click", () => turn(1));
document.getElementById("contents").addEventListener("click", () => show(panel.hidden));
document.getElementById("close").addEventListener("click", () => { show(false); document.getElementById("contents").focus(); });
document.getElementById("bigger").addEventListener("click", () => {
  size = (size + 1) % SIZES.length;
  if (view.renderer && view.renderer.setStyles) { view.renderer.setStyles(sheet()); }
});
onKeys(document, turn);
start().catch(fail);
