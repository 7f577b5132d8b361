// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// On every pupil page: asks what goes on in the lesson. The bell sends the tablet to the grid; "Regardez-moi" covers the
// page, and frees it when the time is over or the box is not heard. A page that Back brings to life stays hidden until
// the box has said that it is still this pupil's.
"use strict";
(function () {
  const told = document.getElementById("lesson");
  if (!told) { return; }
  const EVERY = 1200, DEAF = 20000, PATIENCE = 5000;
  const cover = document.getElementById("look"), disc = document.getElementById("disc"), form = document.getElementById("hand");
  const clock = () => performance.now(); // no wall clock: it may be set in the middle of a lesson
  let tag = "", heard = clock(), lookUntil = 0, timerUntil = 0, timerOf = 0, next = 0, asking = false;

  function draw() {
    const now = clock(), looking = lookUntil > now && now - heard < DEAF;
    if (cover && cover.hidden === looking) {
      cover.hidden = !looking;
      if (looking) {
        cover.focus();
        document.querySelectorAll("video, audio").forEach((media) => media.pause());
      }
    }
    if (disc) {
      const left = Math.max(0, timerUntil - now);
      disc.hidden = !timerOf;
      disc.style.setProperty("--left", timerOf ? left / timerOf : 0);
      disc.lastElementChild.textContent = left ? disc.dataset.left.replace("{n}", Math.ceil(left / 60000)) : disc.dataset.over;
    }
  }

  function take(said) {
    if (said.lesson !== told.dataset.lesson || said.you !== told.dataset.you) {
      document.documentElement.classList.add("gone");
      window.location.replace(said.you ? "/" : "/qui");
      return;
    }
    document.documentElement.classList.remove("gone");
    lookUntil = clock() + 1000 * said.look;
    timerUntil = clock() + 1000 * said.timer;
    timerOf = 1000 * said.timer_of;
    if (form) {
      form.querySelector("button").setAttribute("aria-pressed", said.hand);
      form.elements.baisser.disabled = !said.hand;
    }
  }

  async function ask() {
    if (asking) { return; }
    asking = true;
    clearTimeout(next);
    const stop = new AbortController(), patience = setTimeout(() => stop.abort(), PATIENCE);
    const waiting = window.cartable ? window.cartable.count() : 0;
    try {
      const answer = await fetch("/api/lesson/now?w=" + waiting + "&p=" + encodeURIComponent(window.location.pathname), {
        headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", credentials: "same-origin", signal: stop.signal,
      });
      if (answer.status === 200) {
        take(await answer.json());
        tag = answer.headers.get("ETag") || "";
      }
      if (answer.ok || answer.status === 304) { heard = clock(); }
    } catch (error) { /* no Wi-Fi, or the hub starts again: the pupil goes on */ }
    clearTimeout(patience);
    asking = false;
    next = setTimeout(ask, EVERY);
    draw();
  }

  async function tap(event) {
    event.preventDefault();
    try { await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "manual" }); } catch (error) { return; }
    ask();
  }

  if (form) { form.addEventListener("submit", tap); }
  document.addEventListener("keydown", (event) => {
    if (cover && !cover.hidden && ["Tab", "Enter", " "].includes(event.key)) { event.preventDefault(); }
  }, true);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      document.documentElement.classList.add("gone");
      tag = "";
      ask();
    }
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { ask(); } });
  setInterval(draw, 1000);
  next = setTimeout(ask, EVERY);
}());
