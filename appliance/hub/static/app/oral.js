// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// One thing to say in English: the model first, then the microphone, the verdict, the pupil's own voice. What was recorded
// stays in this page's memory until the box has judged it, and goes with the page. The form works without all this.
"use strict";
(function () {
  const form = document.getElementById("talk");
  if (!form) { return; }
  const LONGEST = 8000, QUIET = 1300, HELD = 500, PATIENCE = 20000, LEAST = 0.012;
  const told = form.dataset, field = form.elements, mic = field.talk, words = mic.lastElementChild, speak = words.textContent;
  const box = document.getElementById("verdict"), lines = box.querySelectorAll("p");
  const pick = document.querySelector(".pick"), me = document.querySelector("[name=me]"), again = document.querySelector("[name=again]");
  const list = (addresses) => addresses.split(" ").filter(Boolean);
  let run = 0, player = null, recorder = null, voice = null, busy = false, heard = !told.lead, sending = false;

  function hush() {
    run += 1;
    document.querySelectorAll(".say.playing").forEach((link) => link.click());
    if (player) { player.pause(); player.onended(); }
  }

  function one(address) {
    return new Promise((done) => {
      const audio = player = new Audio(address);
      audio.onended = audio.onerror = () => { player = null; done(); };
      audio.play().catch(audio.onerror);
    });
  }

  async function play(addresses, shown) { // whether to the end
    hush();
    const mine = run;
    if (shown) { shown.classList.add("playing"); }
    for (const address of addresses) { if (mine === run) { await one(address); } }
    if (shown) { shown.classList.remove("playing"); }
    return mine === run;
  }

  function show(outcome, sentence, tip) {
    box.className = "verdict " + outcome;
    if (outcome) { box.querySelector("use").setAttribute("href", told.faces + "#" + outcome); }
    lines[0].textContent = sentence || "";
    lines[1].textContent = tip || "";
  }

  function own() { return URL.createObjectURL(voice); }

  function level(stream, stop) { // stops after a silence that follows a voice; calls back with what ends it
    // eslint-disable-next-line compat/compat -- or by its older name
    const context = new (window.AudioContext || window.webkitAudioContext)(), ear = context.createAnalyser();
    const wave = new Uint8Array(ear.fftSize), began = performance.now();
    let floor = 1, loud = 0;
    context.createMediaStreamSource(stream).connect(ear);
    const timer = setInterval(() => {
      ear.getByteTimeDomainData(wave);
      const now = performance.now(), power = Math.sqrt(wave.reduce((sum, x) => sum + (x - 128) * (x - 128), 0) / wave.length) / 128;
      if (power) { floor = Math.min(floor, power); }
      if (power > Math.max(LEAST, floor * 3)) { loud = now; }
      mic.style.setProperty("--level", Math.min(1, power * 5));
      if ((loud && now - loud > QUIET) || now - began > LONGEST) { stop(); }
    }, 60);
    return () => { clearInterval(timer); context.close(); mic.style.setProperty("--level", 0); };
  }

  function record(stream) {
    const bits = [], end = level(stream, () => recorder && recorder.stop());
    // eslint-disable-next-line compat/compat -- the button shows only where it exists
    recorder = new MediaRecorder(stream, { audioBitsPerSecond: 64000 });
    recorder.ondataavailable = (event) => bits.push(event.data);
    recorder.onstop = () => {
      end();
      stream.getTracks().forEach((track) => track.stop());
      mic.classList.remove("on");
      words.textContent = speak;
      taken(new Blob(bits, { type: recorder.mimeType }));
      recorder = null;
    };
    recorder.began = performance.now();
    recorder.start();
    mic.classList.add("on");
    words.textContent = told.listening;
  }

  async function talk() {
    if (recorder) { recorder.stop(); return; }
    if (busy || sending) { return; }
    busy = true;
    show("");
    if (!heard) { heard = await play(list(told.lead), mic); } else { hush(); }
    try {
      if (heard) { record(await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })); }
    } catch (error) { files(true); }
    busy = false;
  }

  function taken(sound) {
    voice = sound;
    me.hidden = !voice.size;
    field.id.value = field.id.value.slice(0, 24) + Math.random().toString(16).slice(2, 14).padEnd(12, "0"); // the page's UUID, its end anew
    if (told.free) { take({ outcome: "compare" }); } else { send(); }
  }

  function take(said) {
    const compare = said.outcome === "compare";
    let tip = said.tip;
    if (said.kept === false && ["bravo", "presque", "encore"].includes(said.outcome)) { tip = told.unkept; }
    show(said.outcome, compare ? told.compare : said.sentence, tip);
    const next = document.querySelector("[rel=next]");
    next.classList.toggle("plain", said.outcome !== "bravo" && !compare);
    play((said.say || []).concat(compare ? list(told.comparing).concat(list(told.model), own()) : said.outcome === "encore" ? list(told.model) : []));
  }

  async function send() {
    if (sending || !voice) { return; }
    const data = new FormData(), stop = new AbortController(), clock = setTimeout(() => stop.abort(), PATIENCE);
    ["token", "activity", "item", "id"].forEach((name) => data.append(name, field[name].value));
    data.append("sound", voice, "voice");
    sending = true;
    again.hidden = true;
    mic.classList.add("wait");
    show("", told.thinking);
    try {
      const answer = await fetch(form.action, { method: "POST", credentials: "same-origin", signal: stop.signal, body: data, headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (answer.ok) { take(said); } else { show("panne", said.error); again.hidden = answer.status < 500 && answer.status !== 429; }
    } catch (error) { // no Wi-Fi, or the box starts again
      show("panne", told.away);
      again.hidden = false;
    }
    clearTimeout(clock);
    mic.classList.remove("wait");
    sending = false;
  }

  function files(shown) { // the file's field, or the page's own recorder
    form.querySelector(".take").hidden = !shown;
    field.sound.required = shown;
    mic.hidden = shown;
  }

  function chosen(tile) {
    const right = tile.value === pick.dataset.right;
    tile.classList.add(right ? "right" : "wrong");
    if (right) { mic.classList.add("go"); }
  }

  async function beat() {
    const line = document.querySelector(".words"), each = 60000 / line.dataset.tempo;
    for (const word of line.children) {
      word.classList.add("now");
      await new Promise((done) => setTimeout(done, each * word.dataset.beats));
      word.classList.remove("now");
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-play]"), tile = event.target.closest(".pick button");
    if (link) {
      event.preventDefault();
      if (link.classList.contains("playing")) { hush(); return; }
      play(list(link.dataset.play), link).then((whole) => { heard = heard || (whole && link.classList.contains("lead")); });
    } else if (tile) { chosen(tile); } else if (event.target.closest("[name=beat]")) { beat(); }
  });
  mic.addEventListener("pointerdown", talk);
  mic.addEventListener("click", (event) => { if (!event.detail) { talk(); } }); // by the keyboard
  ["pointerup", "pointercancel"].forEach((name) => mic.addEventListener(name, () => {
    if (recorder && performance.now() - recorder.began > HELD) { recorder.stop(); }
  }));
  mic.addEventListener("contextmenu", (event) => event.preventDefault());
  me.addEventListener("click", () => play([own()], me));
  again.addEventListener("click", send);
  field.sound.addEventListener("change", () => { if (field.sound.files[0]) { taken(field.sound.files[0]); } });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  if (pick) { pick.querySelectorAll("button").forEach((tile) => { tile.disabled = false; }); }
  // eslint-disable-next-line compat/compat -- asked before it is used
  files(!(window.isSecureContext && navigator.mediaDevices && window.MediaRecorder));
}());
