// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Photos and voices: shrunk here (so place and device stay here), kept in IndexedDB until the box has them. As with other
// answers, one is shown again only where its token is the page's: to the same pupil, in the same lesson.
"use strict";
(function () {
  const SIDE = 1600, MOST = 2 << 20, LONGEST = 120000, FIRST_WAIT = 2000, LONGEST_WAIT = 60000, PATIENCE = 120000;
  const outbox = window.cartable, ready = new WeakMap(), memory = new Map(); // form -> promise of a Blob; what the tablet cannot keep
  let wait = FIRST_WAIT, timer = 0, busy = false, recorder = null;

  const opened = new Promise((done) => {
    try {
      const asked = window.indexedDB.open("cartable", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("media", { keyPath: "id" });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => done(null);
    } catch (error) { done(null); }
  });

  async function store(act) { // null: there is none
    const base = await opened;
    return base && new Promise((done, failed) => {
      const work = base.transaction("media", "readwrite"), asked = act(work.objectStore("media"));
      work.oncomplete = () => done(asked.result);
      work.onabort = () => failed(work.error);
    });
  }

  async function entries() {
    return ((await store((all) => all.getAll())) || []).concat(Array.from(memory.values())).sort((a, b) => a.at - b.at);
  }

  async function tell() {
    try { window.localStorage.setItem("cartable.media", (await entries()).length); } catch (error) { /* the count is of this page */ }
    outbox.show();
  }

  async function keep(entry) { // whether it outlives this page
    let kept = false;
    try { kept = Boolean(await store((all) => all.put(entry))); } catch (error) { /* full */ }
    if (!kept) { memory.set(entry.id, entry); }
    return kept;
  }

  async function post(entry) {
    const form = new FormData(), stop = new AbortController(), clock = setTimeout(() => stop.abort(), PATIENCE);
    ["id", "token", "question"].forEach((name) => form.append(name, entry[name]));
    form.append("age_ms", Math.max(0, Date.now() - entry.at));
    form.append("medium", new Blob([entry.body], { type: entry.type }), "medium");
    try {
      const answer = await fetch("/api/media", { method: "POST", credentials: "same-origin", signal: stop.signal, body: form });
      if (answer.status === 413) { return { refused: [1] }; }
      return answer.ok ? await answer.json() : null; // null: the box is here, and takes this one later
    } finally { clearTimeout(clock); }
  }

  async function send() {
    clearTimeout(timer);
    if (busy) { return; }
    busy = true;
    try {
      for (const next of await entries()) {
        const told = await post(next);
        if (!told) { continue; }
        if (told.refused.length) { outbox.refuse(); }
        memory.delete(next.id);
        await store((all) => all.delete(next.id));
        mark(next, told.refused.length ? "lost" : "given");
        wait = FIRST_WAIT;
        await tell();
      }
    } catch (error) { /* no network, or the hub starts again: all wait */ }
    busy = false;
    if ((await entries()).length) {
      timer = setTimeout(send, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  function say(form, words) {
    const line = form.querySelector(".feedback");
    line.textContent = words;
    line.className = "feedback notice";
  }

  function mark(entry, words) {
    document.querySelectorAll("form.medium").forEach((form) => {
      if (form.elements.token.value !== entry.token || form.elements.question.value !== entry.question) { return; }
      form.querySelectorAll(".take, .send, [name=record]").forEach((part) => { part.hidden = true; });
      form.dataset.done = "1";
      say(form, form.dataset[words]);
    });
    document.dispatchEvent(new Event("answered"));
  }

  async function shrunk(file) {
    const picture = new Image(), address = URL.createObjectURL(file);
    try {
      await new Promise((done, failed) => { picture.onload = done; picture.onerror = failed; picture.src = address; });
    } finally { URL.revokeObjectURL(address); }
    const wide = picture.naturalWidth, high = picture.naturalHeight, scale = Math.min(1, SIDE / Math.max(wide, high));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(wide * scale));
    canvas.height = Math.max(1, Math.round(high * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!blob) { throw new Error("no picture"); }
    return [blob, canvas];
  }

  function played(blob) {
    const audio = document.createElement("audio");
    audio.controls = true;
    audio.src = URL.createObjectURL(blob);
    return audio;
  }

  async function take(form, file) { // what is to be sent, or nothing
    const old = form.querySelector(".seen");
    if (old) { old.remove(); }
    try {
      const [blob, seen] = form.dataset.medium === "photo" ? await shrunk(file) : [file, played(file)];
      if (!blob.size || blob.size > MOST) { throw new Error("size"); }
      seen.classList.add("seen");
      form.insertBefore(seen, form.querySelector(".send"));
      form.querySelector(".feedback").textContent = "";
      return blob;
    } catch (error) { say(form, form.dataset.bad); }
    return null;
  }

  async function record(form, button) {
    if (recorder) { recorder.stop(); return; }
    const words = button.lastElementChild, before = words.textContent, bits = [];
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const end = setTimeout(() => recorder && recorder.stop(), LONGEST);
      // eslint-disable-next-line compat/compat -- the button shows only where it exists
      recorder = new MediaRecorder(stream, { audioBitsPerSecond: 64000 });
      recorder.ondataavailable = (event) => bits.push(event.data);
      recorder.onstop = () => {
        clearTimeout(end);
        stream.getTracks().forEach((track) => track.stop());
        words.textContent = before;
        ready.set(form, take(form, new Blob(bits, { type: recorder.mimeType })));
        recorder = null;
      };
      recorder.start();
      words.textContent = button.dataset.stop;
    } catch (error) { recorder = null; files(form, true); }
  }

  function files(form, shown) { // the file's field, or the page's own recorder
    form.querySelector(".take").hidden = !shown;
    form.querySelector("[type=file]").required = shown;
    form.querySelector("[name=record]").parentNode.hidden = shown;
  }

  async function onSubmit(event) {
    const form = event.target;
    if (!form.matches("form.medium")) { return; }
    event.preventDefault();
    const blob = await ready.get(form);
    if (!blob || form.dataset.done) { return; }
    const entry = { at: Date.now(), type: blob.type, body: await new Response(blob).arrayBuffer() };
    ["id", "token", "question"].forEach((name) => { entry[name] = form.elements[name].value; });
    mark(entry, await keep(entry) ? "kept" : "open");
    await tell();
    send();
  }

  async function begin() {
    if (window.isSecureContext && navigator.mediaDevices && window.MediaRecorder) {
      document.querySelectorAll("form.kind-voice:not([data-done])").forEach((form) => files(form, false));
    }
    (await entries()).forEach((entry) => mark(entry, "kept"));
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.matches("form.medium") && event.target.files && event.target.files[0]) { ready.set(form, take(form, event.target.files[0])); }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[name=record]");
    if (button) { record(button.form, button); }
  });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("part", begin);
  ["online", "pageshow"].forEach((name) => window.addEventListener(name, send));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { send(); } });
  begin().then(tell).then(send);
}());
