// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The teacher's pages of spoken English. A loudspeaker plays in the page instead of leaving it.
"use strict";
(function () {
  let playing = null;

  function play(link) {
    if (playing) { playing.pause(); }
    const sound = playing = new Audio(link.href);
    const over = () => { link.classList.remove("playing"); };
    link.classList.add("playing");
    sound.onended = sound.onpause = sound.onerror = over;
    sound.play().catch(over);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.say");
    if (link) {
      event.preventDefault();
      play(link);
    }
  });
}());
