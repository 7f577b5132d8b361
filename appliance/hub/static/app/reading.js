// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Remembers, per pupil and resource, where reading stopped. Our EPUB and PDF readers (second origin) say it by
// messages: {cartable: 1, kind: "ready" | "place", place}; the page answers {cartable: 1, kind: "start", place}.
// A ZIM or a web bundle tells nothing (its frame has an opaque origin): there the last anchor opened is kept.
"use strict";
(function () {
  const told = document.getElementById("reader");
  if (!told) { return; }
  const { place: key, kind, anchor, origin } = told.dataset;
  const frame = document.querySelector("iframe"), media = document.querySelector("video, audio");
  const resume = document.getElementById("resume");

  function recall() {
    try { return JSON.parse(window.localStorage.getItem(key)); } catch (error) { return null; }
  }

  function keep(place) {
    try { window.localStorage.setItem(key, JSON.stringify(place)); } catch (error) { /* no memory on this tablet */ }
  }

  function listenTo(reader) {
    window.addEventListener("message", (event) => {
      const said = event.data;
      if (event.origin !== origin || event.source !== reader.contentWindow || !said || said.cartable !== 1) { return; }
      if (said.kind === "ready") {
        reader.contentWindow.postMessage({ cartable: 1, kind: "start", place: anchor ? null : recall() }, origin);
      } else if (said.kind === "place" && said.place && typeof said.place === "object") {
        keep(said.place);
      }
    });
  }

  function follow(player) {
    const STEP = 5; // seconds between two notes
    const before = recall();
    let noted = -STEP;
    player.addEventListener("loadedmetadata", () => {
      const asked = Number(anchor), to = anchor && asked >= 0 ? asked : before && before.seconds;
      if (to > 0 && to < player.duration - 1) { player.currentTime = to; }
    });
    const note = () => { noted = player.currentTime; keep({ seconds: player.ended ? 0 : Math.floor(player.currentTime) }); };
    player.addEventListener("timeupdate", () => { if (Math.abs(player.currentTime - noted) >= STEP) { note(); } });
    ["pause", "ended", "seeked"].forEach((name) => player.addEventListener(name, note));
    if (player.readyState > 0) { player.dispatchEvent(new Event("loadedmetadata")); }
  }

  if (media) {
    follow(media);
  } else if (frame && (kind === "epub" || kind === "pdf")) {
    listenTo(frame);
  } else if (frame) {
    const before = recall();
    if (anchor) {
      keep({ anchor });
    } else if (before && before.anchor && resume) {
      resume.href = "?a=" + encodeURIComponent(before.anchor);
      resume.hidden = false;
    }
  }
}());
