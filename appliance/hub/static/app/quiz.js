// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The quiz page: the tap is judged here and now, the answer leaves by the outbox. Each form also works by itself.
"use strict";
(function () {
  function judge(form, choice) {
    const right = choice === form.dataset.answer;
    form.querySelectorAll("button[name=choice]").forEach((button) => {
      button.disabled = true;
      if (button.value === form.dataset.answer) { button.classList.add("right"); }
      if (button.value === choice) {
        button.setAttribute("aria-pressed", "true");
        if (!right) { button.classList.add("wrong"); }
      }
    });
    const words = form.querySelector(".feedback");
    words.textContent = right ? form.dataset.right : form.dataset.wrong;
    words.className = "feedback notice " + (right ? "good" : "warn");
    form.dataset.done = "yes";
    finish();
  }

  function finish() {
    const end = document.getElementById("end");
    if (end) { end.hidden = Boolean(document.querySelector("form.question:not([data-done])")); }
  }

  function onSubmit(event) {
    const form = event.target;
    if (!form.matches("form.question")) { return; }
    const button = event.submitter || form.tapped;
    event.preventDefault();
    if (!button || form.dataset.done) { return; }
    window.cartable.add({
      id: form.elements.id.value, token: form.elements.token.value, question: form.elements.question.value,
      choice: button.value, at: Date.now(),
    });
    judge(form, button.value);
  }

  if (!window.cartable) { return; }
  document.addEventListener("click", (event) => { // Safari 13 knows no event.submitter
    const button = event.target.closest("button[name=choice]");
    if (button) { button.form.tapped = button; }
  }, true);
  document.addEventListener("submit", onSubmit);
  window.cartable.waiting().forEach((entry) => { // answered before a reload, not yet with the box
    document.querySelectorAll("form.question:not([data-done])").forEach((form) => {
      if (form.elements.token.value === entry.token && form.elements.question.value === entry.question) { judge(form, entry.choice); }
    });
  });
  finish();
}());
