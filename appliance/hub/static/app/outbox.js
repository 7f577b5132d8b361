// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// On every pupil page: answers wait in this tablet until the box names them as safe, and loudspeakers speak.
// One localStorage key per answer: two tabs never overwrite each other. The box knows each by its UUID: sent twice is
// harmless.
"use strict";
(function () {
  const PREFIX = "cartable.answer.";
  const BATCH = 50, FIRST_WAIT = 2000, LONGEST_WAIT = 60000, PATIENCE = 15000;
  const memory = new Map(); // entries that localStorage would not take (full, or private browsing)
  const line = document.getElementById("outbox");
  let wait = FIRST_WAIT, timer = 0, sending = false, refused = 0, loaded = false;

  function storage() {
    try { return window.localStorage; } catch (error) { return null; }
  }

  function entries() {
    const found = new Map(memory), store = storage();
    for (let i = 0; store && i < store.length; i += 1) {
      const key = store.key(i);
      if (key && key.startsWith(PREFIX)) {
        try { found.set(key.slice(PREFIX.length), JSON.parse(store.getItem(key))); } catch (error) { /* not ours: leave it */ }
      }
    }
    return Array.from(found.values()).filter((entry) => entry && entry.id && entry.token).sort((a, b) => a.at - b.at);
  }

  function keep(entry) {
    try {
      window.localStorage.setItem(PREFIX + entry.id, JSON.stringify(entry));
    } catch (error) {
      memory.set(entry.id, entry);
    }
  }

  function forget(id) {
    memory.delete(id);
    try { window.localStorage.removeItem(PREFIX + id); } catch (error) { /* it was in memory only */ }
  }

  function media() { // how many photos and voices wait: see media.js
    const store = storage();
    return Number(store && store.getItem("cartable.media"));
  }

  function count() { return entries().length + media(); }

  function loadMedia() {
    if (loaded || !line || !(line.dataset.now || media())) { return; }
    const script = document.createElement("script");
    loaded = true;
    script.src = line.dataset.media;
    script.onerror = () => { loaded = false; };
    document.head.appendChild(script);
  }

  function show() {
    if (!line) { return; }
    const n = count(), words = line.dataset, parts = [];
    if (n) { parts.push(n === 1 ? words.one : words.many.replace("{n}", n)); }
    if (memory.size) { parts.push(words.memory); }
    if (refused) { parts.push(words.refused); }
    line.textContent = parts.join(" ");
    line.hidden = !parts.length;
    line.dataset.count = n;
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(send, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  async function post(batch) {
    const now = Date.now(), stop = new AbortController();
    const items = batch.map((e) => ({
      id: e.id, token: e.token, question: e.question, response: e.response === undefined ? e.choice : e.response,
      age_ms: Math.max(0, now - e.at),
    }));
    const clock = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch("/api/answers", {
        method: "POST", credentials: "same-origin", signal: stop.signal,
        headers: { "Content-Type": "application/json" }, body: JSON.stringify(items),
      });
      if (!answer.ok) { throw new Error("status " + answer.status); }
      return await answer.json();
    } finally {
      clearTimeout(clock);
    }
  }

  async function send() {
    const batch = entries().slice(0, BATCH);
    if (sending || !batch.length) { show(); return; }
    sending = true;
    try {
      const told = await post(batch);
      told.accepted.forEach(forget);
      told.refused.forEach((item) => { forget(item.id); refused += 1; });
      wait = FIRST_WAIT;
      if (entries().length) { later(); }
    } catch (error) { // no network, the hub restarts, an answer that is not ours: all wait
      later();
    } finally {
      sending = false;
      show();
    }
  }

  function now() {
    wait = FIRST_WAIT;
    clearTimeout(timer);
    loadMedia();
    send();
  }

  let silence = null; // ends what is being said

  function say(told) { // [element that shows it, address], one after the other
    const [shown, address] = told[0], audio = new Audio(address);
    const over = () => {
      shown.classList.remove("playing");
      audio.onended = audio.onerror = silence = null;
    };
    shown.classList.add("playing");
    audio.onerror = over;
    audio.onended = () => { over(); if (told.length > 1) { say(told.slice(1)); } };
    silence = () => { over(); audio.pause(); };
    const started = audio.play();
    if (started) { started.catch(over); }
  }

  function speak(link) {
    const again = link.classList.contains("playing");
    if (silence) { silence(); }
    if (again) { return; }
    const then = link.dataset.then ? (link.closest("form") || document).querySelectorAll(link.dataset.then) : [];
    say([[link, link.href]].concat(Array.from(then, (shown) => [shown, shown.dataset.said]).filter((one) => one[1])));
  }

  function keepPack() { // see offline.js: nothing happens where the browser does not trust the connection
    const workers = window.isSecureContext && navigator.serviceWorker;
    if (!workers || !line) { return; }
    workers.register("/hors-ligne.js").then(() => workers.ready)
      .then((known) => known.active.postMessage({ pack: line.dataset.pack || "" })).catch(() => {});
  }

  window.cartable = {
    add(entry) { keep(entry); show(); now(); },
    waiting: entries,
    count,
    show,
    refuse() { refused += 1; },
  };
  window.addEventListener("online", now);
  window.addEventListener("pageshow", now);
  window.addEventListener("storage", show);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { now(); } });
  window.addEventListener("load", keepPack);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/api/voice/']");
    if (link) { event.preventDefault(); speak(link); }
  });
}());
