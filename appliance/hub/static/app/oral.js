// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// One thing to say. The voice stays in memory.
"use strict";
(function () {
  const form = document.getElementById("talk");
  if (!form) { return; }
  const LONGEST = 8000, QUIET = 1300, HELD = 500, PATIENCE = 20000, LEAST = 0.04;
  const { AudioContext: Context, MediaRecorder: Recorder } = window;
  const told = form.dataset, field = form.elements, mic = field.talk, words = mic.lastElementChild, speak = words.textContent;
  const find = (selector) => document.querySelector(selector), list = (addresses) => addresses.split(" ").filter(Boolean);
  const box = find("#verdict"), lines = box.querySelectorAll("p"), pick = find(".pick"), me = find("[name=me]"), again = find("[name=again]");
  let run = 0, player = null, recorder = null, voice = null, busy = false, tries = 0, heard = !told.lead;

  function hush() {
    run += 1;
    document.querySelectorAll(".say.playing").forEach((link) => link.click());
    if (player) { player.pause(); player.onended(); }
  }

  async function play(addresses, shown) { // one after the other; whether to the end
    hush();
    const mine = run;
    if (shown) { shown.classList.add("playing"); }
    for (const address of addresses) {
      if (mine === run) {
        await new Promise((done) => {
          player = new Audio(address);
          player.onended = player.onerror = () => { player = null; done(); };
          player.play().catch(done);
        });
      }
    }
    if (shown) { shown.classList.remove("playing"); }
    return mine === run;
  }

  function show(outcome, sentence, tip) {
    box.className = "verdict " + outcome;
    if (outcome) { box.querySelector("use").setAttribute("href", told.faces + "#" + outcome); }
    lines[0].textContent = sentence || "";
    lines[1].textContent = tip || "";
    box.scrollIntoView({ block: "nearest" });
  }

  function record(stream) {
    const bits = [], context = new Context(), ear = context.createAnalyser(), wave = new Float32Array(ear.fftSize);
    const began = performance.now();
    let floor = 1, loud = 0;
    context.createMediaStreamSource(stream).connect(ear);
    recorder = new Recorder(stream, { audioBitsPerSecond: 64000 });
    const timer = setInterval(() => {
      ear.getFloatTimeDomainData(wave); // bytes take a quiet room for no sound yet
      const now = performance.now(), peak = Math.max(...wave);
      if (peak > 0) { floor = Math.min(floor, peak); }
      if (peak > Math.max(LEAST, floor * 3)) { loud = now; }
      mic.style.setProperty("--level", peak);
      if ((loud && now - loud > QUIET) || now - began > LONGEST) { stop(); }
    }, 60);
    recorder.ondataavailable = (event) => bits.push(event.data);
    recorder.onstop = () => {
      clearInterval(timer);
      context.close();
      stream.getTracks().forEach((track) => track.stop());
      mic.classList.remove("on");
      words.textContent = speak;
      taken(new Blob(bits, { type: recorder.mimeType }));
      recorder = null;
    };
    recorder.began = began;
    recorder.start();
    mic.classList.add("on");
    words.textContent = told.listening;
  }

  function own() { return URL.createObjectURL(voice); }

  function stop() { if (recorder && recorder.state !== "inactive") { recorder.stop(); } }

  async function talk() {
    if (recorder) { stop(); return; }
    if (busy) { return; }
    busy = true;
    show("");
    if (heard) { hush(); } else { heard = await play(list(told.lead), mic); }
    try {
      if (heard) { record(await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })); }
    } catch (error) { files(true); }
    busy = false;
  }

  function taken(sound) {
    voice = sound;
    me.hidden = false;
    tries = 0;
    field.id.value = field.id.value.slice(0, 24) + Math.random().toString(16).slice(2, 14).padEnd(12, "0"); // another UUID
    if (told.free) { take({ outcome: "compare" }); } else { send(); }
  }

  function take(said) {
    const compare = said.outcome === "compare", bravo = said.outcome === "bravo", model = list(told.model);
    show(said.outcome, compare ? told.compare : said.sentence, said.why || said.tip);
    find("[rel=next]").classList.toggle("plain", !bravo && !compare);
    play(compare ? list(told.comparing).concat(model, own()) : (said.say || []).concat(said.outcome === "encore" ? model : []));
  }

  async function send() {
    if (busy || !voice) { return; }
    const data = new FormData(form), end = new AbortController(), clock = setTimeout(() => end.abort(), PATIENCE);
    data.set("sound", voice, "voice");
    busy = again.hidden = true;
    mic.classList.add("wait");
    show("", told.thinking);
    try {
      const answer = await fetch(form.action, { method: "POST", signal: end.signal, body: data, headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (answer.ok) { take(said); } else if (answer.status === 503 && (tries += 1) < 6) { setTimeout(send, 1500 * tries); } else { show("panne", said.error); again.hidden = answer.status < 429; }
    } catch (error) {
      show("panne", told.away);
      again.hidden = false;
    }
    clearTimeout(clock);
    mic.classList.remove("wait");
    busy = false;
  }

  function files(shown) { // the file's field, or the page's own recorder
    form.querySelector(".take").hidden = !shown;
    field.sound.required = shown;
    mic.hidden = shown;
  }

  async function beat() {
    const line = find(".words");
    for (const word of line.children) {
      word.classList.add("now");
      await new Promise((done) => setTimeout(done, 60000 / line.dataset.tempo * word.dataset.beats));
      word.classList.remove("now");
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-play]"), tile = event.target.closest(".pick button");
    if (link) {
      event.preventDefault();
      if (link.classList.contains("playing")) { hush(); return; }
      play(list(link.dataset.play), link).then((whole) => { heard = heard || (whole && link.matches(".lead")); });
    } else if (tile) {
      const right = tile.value === pick.dataset.right;
      tile.classList.add(right ? "right" : "wrong");
      mic.classList.toggle("go", right);
    } else if (event.target.closest("[name=beat]")) { beat(); }
  });
  mic.addEventListener("pointerdown", talk);
  mic.addEventListener("click", (event) => { if (!event.detail) { talk(); } }); // by the keyboard
  mic.addEventListener("pointerup", () => { if (recorder && performance.now() - recorder.began > HELD) { stop(); } });
  me.addEventListener("click", () => play([own()], me));
  again.addEventListener("click", send);
  field.sound.addEventListener("change", () => { if (field.sound.files[0]) { taken(field.sound.files[0]); } });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  if (pick) { pick.querySelectorAll("button").forEach((tile) => { tile.disabled = false; }); }
  files(!(window.isSecureContext && navigator.mediaDevices && Recorder));
}());
