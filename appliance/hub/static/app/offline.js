// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The service worker: where the browser trusts the connection, a pupil's lesson opens with no Wi-Fi at all. It keeps
// one pack, of the pupil who holds the tablet, and none once that pupil left, another came or the bell rang. Pages come from the box
// whenever it answers; what never changes comes from the pack.
"use strict";
(function () {
  const PREFIX = "cartable-pack-", LONGEST = 8 * 3600 * 1000, PATIENCE = 4000, INFO = "/hors-ligne.json";
  let turn = 0, holder = ""; // who holds the tablet, as pages say it; each change is another turn

  async function forget(kept) {
    const names = await caches.keys();
    return Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== kept).map((name) => caches.delete(name)));
  }

  async function told(pack) { // put last: without it the pack is half filled, and not used
    const info = await pack.match(INFO);
    return info ? info.json() : null;
  }

  async function asked() {
    return (await fetch(INFO, { credentials: "same-origin" })).json();
  }

  async function leave() { // from here on nobody holds the tablet, until a page of the box says who
    turn += 1;
    holder = "";
    await forget("");
  }

  async function fill(key) {
    if (key !== holder) { turn += 1; holder = key; }
    const mine = turn;
    await forget(key ? PREFIX + key : "");
    if (!key) { return; }
    const pack = await caches.open(PREFIX + key), known = await told(pack);
    if (known && !known.lacking) { return; }
    const wanted = await asked();
    if (wanted.key !== key) { return; } // somebody else holds the tablet by now
    const said = (path) => /^\/(api\/voice|medias\/[0-9a-f]{64})/.test(path), at = Date.now();
    const done = (lacking) => pack.put(INFO, new Response(JSON.stringify({ at, paths: wanted.pages, lacking })));
    if (!await take(pack, wanted.pages.concat(wanted.files.filter((path) => !said(path))))) { return; } // the next page tries again
    if ((await asked()).key !== key || mine !== turn) { await caches.delete(PREFIX + key); return; }
    await done(true);
    const whole = await take(pack, wanted.files.filter(said)); // a lesson opens without its voices too
    if (mine === turn) { await done(!whole); }
  }

  async function take(pack, paths) {
    const taken = await Promise.all(paths.map(async (path) => {
      if (await pack.match(path)) { return true; }
      const answer = await fetch(path, { credentials: "same-origin" });
      const good = answer.ok && !answer.redirected;
      if (good) { await pack.put(path, answer); }
      return good;
    }));
    return taken.every(Boolean);
  }

  async function opened() {
    const name = (await caches.keys()).find((each) => each.startsWith(PREFIX));
    if (!name) { return null; }
    const pack = await caches.open(name), info = await told(pack);
    return info && { pack, info };
  }

  function inTime(request) {
    return new Promise((done, failed) => {
      const clock = setTimeout(() => failed(new Error("too slow")), PATIENCE);
      fetch(request).then((answer) => { clearTimeout(clock); done(answer); }, (error) => { clearTimeout(clock); failed(error); });
    });
  }

  async function page(request) {
    const mine = turn, found = await opened(), path = new URL(request.url).pathname;
    const kept = found && await found.pack.match(path);
    if (!kept) { return fetch(request); }
    const { pack, info } = found;
    try {
      const answer = await inTime(request);
      if (answer.status < 500) {
        if (answer.ok && !answer.redirected && info.paths.includes(path)) { await pack.put(path, answer.clone()); }
        return answer;
      }
    } catch (error) { /* no Wi-Fi, or the box is off */ }
    if (mine !== turn) { return fetch(request); } // another pupil came meanwhile
    if (Date.now() - info.at > LONGEST) { await forget(""); return fetch(request); }
    return kept;
  }

  async function file(request) {
    const found = await opened();
    return (found && await found.pack.match(request)) || fetch(request);
  }

  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("message", (event) => {
    event.waitUntil(fill(event.data && event.data.pack || "").catch(() => { /* the next page tries again */ }));
  });
  self.addEventListener("fetch", (event) => {
    const request = event.request, url = new URL(request.url);
    if (url.origin !== self.location.origin) { return; }
    if (request.method === "POST" && /^\/(au-revoir|qui|badge)(\/|$)/.test(url.pathname)) {
      event.respondWith(leave().then(() => fetch(request)).then((answer) => leave().then(() => answer)));
    } else if (request.method === "GET" && request.mode === "navigate") {
      event.respondWith(page(request));
    } else if (request.method === "GET" && /^\/(static|medias|api\/voice)\//.test(url.pathname)) {
      event.respondWith(file(request));
    }
  });
}());
