// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Shows a PDF one page at a time: only what is read is fetched (Range) and drawn, so a 300-page manual opens on an old
// tablet. The text layer lets screen readers read and fingers select.

import "./polyfills.js?v=fafc40011c";
import * as pdfjs from "../vendor/pdfjs-dist-4.10.38/pdf.js?v=92f4ff861e";
import { anchor, blob, entry, fail, fileUrl, onKeys, recall, tell, words } from "./bridge.js?v=88a732670c";

const VENDOR = new URL("../vendor/pdfjs-dist-4.10.38/", import.meta.url).href;
const ZOOMS = [1, 1.5, 2, 3];
const MOST_PIXELS = 4096 * 4096; // Safari 13 draws no larger canvas
const CHUNK = 128 * 1024;
const sheet = document.getElementById("sheet"), stage = document.querySelector("main");
let book = null, number = 1, zoom = 0, drawing = null, asked = 0;

function scaleFor(page) {
  const plain = page.getViewport({ scale: 1 }), room = stage.clientWidth - 16, height = stage.clientHeight - 16;
  const fit = room / plain.width, whole = Math.min(fit, height / plain.height);
  return (room > 700 ? whole : fit) * ZOOMS[zoom];
}

function canvasFor(view) {
  const canvas = document.createElement("canvas");
  const dots = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (view.width * view.height)));
  canvas.width = Math.floor(view.width * dots);
  canvas.height = Math.floor(view.height * dots);
  canvas.style.width = view.width + "px";
  canvas.style.height = view.height + "px";
  canvas.setAttribute("aria-hidden", "true");
  return { canvas, transform: [dots, 0, 0, dots, 0, 0] };
}

async function draw() {
  const turn = (asked += 1);
  if (drawing) { drawing.cancel(); }
  const page = await book.getPage(number);
  if (turn !== asked) { return; }
  const view = page.getViewport({ scale: scaleFor(page) }), { canvas, transform } = canvasFor(view);
  drawing = page.render({ canvasContext: canvas.getContext("2d"), viewport: view, transform });
  try { await drawing.promise; } catch (error) { if (error.name === "RenderingCancelledException") { return; } throw error; }
  if (turn !== asked) { return; }
  const text = document.createElement("div");
  text.className = "textLayer";
  sheet.style.setProperty("--scale-factor", view.scale);
  sheet.style.width = view.width + "px";
  sheet.style.height = view.height + "px";
  sheet.replaceChildren(canvas, text);
  stage.scrollTop = 0;
  page.cleanup();
  await new pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport: view }).render();
  document.documentElement.dataset.page = number;
}

async function go(to) {
  number = Math.min(Math.max(to, 1), book.numPages);
  const line = document.getElementById("state");
  line.hidden = false;
  line.textContent = words.page.replace("{n}", number).replace("{total}", book.numPages);
  document.getElementById("where").textContent = line.textContent;
  document.getElementById("previous").disabled = number === 1;
  document.getElementById("next").disabled = number === book.numPages;
  tell({ page: number });
  await draw();
}

function turn(step) {
  if (book && number + step >= 1 && number + step <= book.numPages) { go(number + step).catch(fail); }
}

function zoomBy(step) {
  const wanted = Math.min(Math.max(zoom + step, 0), ZOOMS.length - 1);
  if (book && wanted !== zoom) { zoom = wanted; draw().catch(fail); }
}

function onSwipe() {
  const LEAST = 60;
  let from = null;
  stage.addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
  stage.addEventListener("touchend", (event) => {
    const to = event.changedTouches[0];
    if (!from || zoom > 0 || Math.abs(to.clientX - from.clientX) < LEAST || Math.abs(to.clientY - from.clientY) > LEAST) { return; }
    turn(to.clientX < from.clientX ? 1 : -1);
  });
}

async function start() {
  if (!blob || !/^original\.pdf$/i.test(entry)) { throw new Error("no resource named"); }
  pdfjs.GlobalWorkerOptions.workerPort = new Worker(new URL("worker.js?v=72ce861a33", import.meta.url).href);
  const [before, opened] = await Promise.all([recall(), pdfjs.getDocument({
    url: fileUrl(entry), isEvalSupported: false, disableAutoFetch: true, disableStream: true, rangeChunkSize: CHUNK,
    standardFontDataUrl: VENDOR + "standard_fonts/", enableXfa: false,
  }).promise]);
  book = opened;
  await go(Number(anchor) || (before && before.page) || 1);
  document.documentElement.dataset.ready = "yes";
}

document.getElementById("previous").addEventListener("click", () => turn(-1));
document.getElementById("next").addEventListener("click", () => turn(1));
document.getElementById("smaller").addEventListener("click", () => zoomBy(-1));
document.getElementById("zoom").addEventListener("click", () => zoomBy(1));
onKeys(document, turn);
onSwipe();
let resizing = 0;
window.addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(() => { if (book) { draw().catch(fail); } }, 200); });
start().catch(fail);
