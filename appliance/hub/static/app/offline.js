// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The service worker: where the browser trusts the connection, a pupil's lesson opens with no Wi-Fi at all. It keeps
// one pack, of the pupil who holds the tablet, and none once that pupil left or the bell rang. Pages come from the box
// whenever it answers; what never changes comes from the pack.
"use strict";
(function () {
  const PREFIX = "cartable-pack-", LONGEST = 8 * 3600 * 1000, PATIENCE = 4000;

  async function forget(kept) {
    const names = await caches.keys();
    return Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== kept).map((name) => caches.delete(name)));
  }

  async function fill(key) {
    await forget(PREFIX + key);
    if (!key || await caches.has(PREFIX + key)) { return; }
    const told = await (await fetch("/hors-ligne.json", { credentials: "same-origin" })).json();
    if (told.key !== key) { return; } // somebody else holds the tablet by now
    const pack = await caches.open(PREFIX + key);
    await pack.put("/hors-ligne.json", new Response(JSON.stringify({ at: Date.now(), paths: told.pages })));
    await Promise.all(told.pages.concat(told.files).map(async (path) => {
      const answer = await fetch(path, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) { await pack.put(path, answer); }
    }));
  }

  async function opened() {
    const name = (await caches.keys()).find((each) => each.startsWith(PREFIX));
    return name ? caches.open(name) : null;
  }

  function inTime(request) {
    return new Promise((done, failed) => {
      const clock = setTimeout(() => failed(new Error("too slow")), PATIENCE);
      fetch(request).then((answer) => { clearTimeout(clock); done(answer); }, (error) => { clearTimeout(clock); failed(error); });
    });
  }

  async function page(request) {
    const pack = await opened(), path = new URL(request.url).pathname;
    const kept = pack && await pack.match(path);
    if (!kept) { return fetch(request); }
    const info = await (await pack.match("/hors-ligne.json")).json();
    try {
      const answer = await inTime(request);
      if (answer.status < 500) {
        if (answer.ok && !answer.redirected && info.paths.includes(path)) { await pack.put(path, answer.clone()); }
        return answer;
      }
    } catch (error) { /* no Wi-Fi, or the box is off */ }
    if (Date.now() - info.at > LONGEST) { await forget(""); return fetch(request); }
    return kept;
  }

  async function file(request) {
    const pack = await opened();
    return (pack && await pack.match(request)) || fetch(request);
  }

  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("message", (event) => {
    event.waitUntil(fill(event.data && event.data.pack || "").catch(() => { /* the next page tries again */ }));
  });
  self.addEventListener("fetch", (event) => {
    const request = event.request, url = new URL(request.url);
    if (url.origin !== self.location.origin) { return; }
    if (request.method === "POST" && url.pathname === "/au-revoir") {
      event.respondWith(forget("").then(() => fetch(request)));
    } else if (request.method === "GET" && request.mode === "navigate") {
      event.respondWith(page(request));
    } else if (request.method === "GET" && /^\/(static|api\/voice)\//.test(url.pathname)) {
      event.respondWith(file(request));
    }
  });
}());
