// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Live captions: the studio's events into the page. Only whole phrases go to who listens to a screen reader.
"use strict";
(function () {
  const box = document.getElementById("captions");
  const state = document.getElementById("captions-state");
  const lines = document.getElementById("captions-lines");
  const partial = document.getElementById("captions-partial");
  const shown = Number(box.dataset.shown);
  const began = box.dataset.running;

  function write(node, text) {
    if (node.textContent !== text) { node.textContent = text; }
  }

  function word(told) {
    if (told.trouble) { return told.trouble; }
    if (!told.running) { return box.dataset.none; }
    if (!told.ready) { return box.dataset.starting; }
    return told.behind ? box.dataset.behind : "";
  }

  // Phrases that are there stay where they are: a screen reader says the new ones only.
  function phrases(wanted) {
    const last = wanted.slice(-shown);
    while (lines.children.length && (lines.firstElementChild.textContent !== last[0] || lines.children.length > last.length)) {
      lines.firstElementChild.remove();
    }
    last.slice(lines.children.length).forEach((text) => {
      const line = document.createElement("p");
      line.textContent = text;
      lines.append(line);
    });
  }

  function show(told) {
    if (began && String(told.running) !== began) { location.reload(); return; }
    write(state, word(told));
    phrases(told.lines);
    write(partial, told.partial);
  }

  const events = new EventSource("/api/studio/captions");
  events.onmessage = (event) => { show(JSON.parse(event.data)); };
  events.onerror = () => {
    write(state, box.dataset.lost);
    if (events.readyState === EventSource.CLOSED) { setTimeout(() => { location.reload(); }, 15000); }
  };
}());
