// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The teacher's pages of spoken English. A loudspeaker plays in the page instead of leaving it. While the box leads: taps
// are sent without loading the page again, and the level of the microphone is shown.
"use strict";
(function () {
  const refused = document.getElementById("refused"), level = document.getElementById("level");
  const QUIET = -60, PATIENCE = 10000;
  let playing = null;

  function play(link) {
    if (playing) { playing.pause(); }
    const sound = playing = new Audio(link.href);
    const over = () => { link.classList.remove("playing"); };
    link.classList.add("playing");
    sound.onended = sound.onpause = sound.onerror = over;
    sound.play().catch(over);
  }

  function tell(sentence) {
    if (refused) {
      refused.textContent = sentence || refused.dataset.away;
      refused.hidden = false;
    }
  }

  async function send(form, button) {
    const told = {}, stop = new AbortController(), patience = setTimeout(() => stop.abort(), PATIENCE);
    new FormData(form).forEach((value, name) => { told[name] = value; });
    if (button && button.name) { told[button.name] = button.value; }
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: JSON.stringify(told), credentials: "same-origin", signal: stop.signal,
        headers: { "Content-Type": "application/json", Accept: "application/json" },
      });
      if (!answer.ok) { tell((await answer.json()).error); }
      return answer.ok;
    } catch (error) {
      tell("");
      return false;
    } finally { clearTimeout(patience); }
  }

  async function act(form, button) {
    const done = await send(form, button);
    if (!done) { return; }
    if (refused) { refused.hidden = true; }
    if (window.htmx && document.querySelector("#room[hx-get]")) {
      window.htmx.trigger("#room", "refresh");
    } else { window.location.reload(); }
  }

  function follow() {
    const heard = new EventSource("/api/studio/level");
    heard.onmessage = (event) => {
      const said = JSON.parse(event.data).level_db;
      level.hidden = typeof said !== "number";
      if (!level.hidden) { level.value = Math.max(QUIET, said); }
    };
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.say"), button = event.target.closest("form[data-room] button");
    if (link) {
      event.preventDefault();
      play(link);
    } else if (button) {
      event.preventDefault();
      act(button.form, button);
    }
  });
  if (level && window.EventSource) { follow(); }
}());
