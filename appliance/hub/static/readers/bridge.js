// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Between a reader (content origin) and the page around it (hub origin): what to open arrives in the fragment, where
// the pupil stands goes back by messages, each side checking who speaks. See ../app/reading.js.

const PATIENCE = 1500; // ms for the page around to tell where reading stopped
const BLOB = /^[0-9a-f]{64}$/;
const WORDS = {
  fr: {
    previous: "Page précédente", next: "Page suivante", contents: "Sommaire", bigger: "Grossir le texte", close: "Fermer",
    smaller: "Rétrécir", zoom: "Agrandir", page: "Page {n} sur {total}", failed: "Cette ressource ne s’ouvre pas. Reviens à l’étagère, puis essaie encore.",
    loading: "Ouverture…",
  },
  en: {
    previous: "Previous page", next: "Next page", contents: "Contents", bigger: "Make the text bigger", close: "Close",
    smaller: "Zoom out", zoom: "Zoom in", page: "Page {n} of {total}", failed: "This resource does not open. Go back to the shelf, then try again.",
    loading: "Opening…",
  },
};

const told = new URLSearchParams(window.location.hash.slice(1));
export const blob = BLOB.test(told.get("blob") || "") ? told.get("blob") : "";
export const entry = told.get("entry") || "";
export const anchor = told.get("a") || "";
export const look = (told.get("look") || "").split(" ").filter((name) => /^[a-z]+-[a-z]+$/.test(name));
export const words = WORDS[told.get("lang")] || WORDS.en;
const hub = told.get("hub") || "";
const framed = window.parent !== window && hub;

document.documentElement.lang = WORDS[told.get("lang")] ? told.get("lang") : "en";
look.forEach((name) => document.documentElement.classList.add(name));
document.title = told.get("title") || "Cartable";
document.querySelectorAll("[data-word]").forEach((button) => {
  button.setAttribute("aria-label", words[button.dataset.word]);
  button.title = words[button.dataset.word];
});

/** The address of a file of the resource. */
export function fileUrl(path) {
  return "/blob/" + blob + "/" + path.split("/").map(encodeURIComponent).join("/");
}

function say(message) {
  if (framed) { window.parent.postMessage(Object.assign({ cartable: 1 }, message), hub); }
}

/** Tells the page around where the reader stands. */
export function tell(place) {
  say({ kind: "place", place });
}

/** Where reading stopped last time, or null. */
export function recall() {
  if (!framed || anchor) { return Promise.resolve(null); }
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE);
    window.addEventListener("message", function listen(event) {
      const said = event.data;
      if (event.origin !== hub || event.source !== window.parent || !said || said.cartable !== 1 || said.kind !== "start") { return; }
      window.removeEventListener("message", listen);
      clearTimeout(timer);
      resolve(said.place && typeof said.place === "object" ? said.place : null);
    });
    say({ kind: "ready" });
  });
}

/** Says that the resource does not open, instead of a blank frame. */
export function fail(error) {
  const line = document.getElementById("state");
  line.textContent = words.failed;
  line.hidden = false;
  document.documentElement.dataset.failed = String(error);
}

/** Turns pages by keys, wherever the focus is. */
export function onKeys(target, turn) {
  target.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step) { event.preventDefault(); turn(step); }
  });
}
