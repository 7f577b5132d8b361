// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Suggestions under the search box, by a plain <datalist>.
"use strict";
(function () {
  const box = document.querySelector("input[list]"), list = document.createElement("datalist");
  const DELAY = 250;
  let timer = 0, last = "";

  async function ask() {
    const typed = box.value.trim();
    if (typed.length < 2 || typed === last) { return; }
    last = typed;
    try {
      const answer = await fetch("/api/suggestions?q=" + encodeURIComponent(typed), { credentials: "same-origin" });
      const found = answer.ok ? await answer.json() : [];
      if (box.value.trim() !== typed) { return; }
      if (!list.id) { list.id = "suggestions"; box.after(list); }
      list.textContent = "";
      found.forEach((words) => { list.appendChild(document.createElement("option")).value = words; });
    } catch (error) { /* no network: no suggestion */ }
  }

  if (!box) { return; }
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, DELAY); });
}());
