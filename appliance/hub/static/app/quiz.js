// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The quiz page: an answer is judged here where the page holds the right one, as by hub/quiz_judging.py, which decides,
// and leaves by the outbox. Each form also works by itself.
"use strict";
(function () {
  const all = (root, selector) => Array.from(root.querySelectorAll(selector));
  const outbox = window.cartable; // none where a teacher tries: nothing is sent
  const parts = new Map(); // number -> the part, once it was opened

  function response(form, button) {
    const kind = form.dataset.kind;
    if (kind === "choice") { return button && button.name === "choice" ? button.value : ""; }
    if (kind === "several") { return all(form, "input[name=choice]:checked").map((box) => box.value).join("[,]"); }
    if (kind === "order") { return all(form, "[data-id]").map((row) => row.dataset.id).join("[,]"); }
    if (kind === "match") {
      const pairs = all(form, "[data-source]").map((row) => {
        const chosen = row.querySelector("select, input:checked");
        return chosen && chosen.value ? row.dataset.source + "[.]" + chosen.value : "";
      });
      return pairs.every(Boolean) ? pairs.join("[,]") : "";
    }
    const typed = form.elements.choice.value.trim();
    return kind === "number" && isNaN(number(typed)) ? "" : typed;
  }

  function restore(form, given) {
    const parts = given.split("[,]"), kind = form.dataset.kind;
    if (kind === "several") { all(form, "input[name=choice]").forEach((box) => { box.checked = parts.includes(box.value); }); }
    if (kind === "order") {
      parts.forEach((name) => all(form, "[data-id]").forEach((row) => { if (row.dataset.id === name) { row.parentNode.appendChild(row); } }));
    }
    if (kind === "match") {
      parts.map((pair) => pair.split("[.]")).forEach((pair) => all(form, "[data-source]").forEach((row) => {
        const select = row.querySelector("select");
        if (row.dataset.source !== pair[0]) { return; }
        if (select) { select.value = pair[1]; }
        all(row, "input").forEach((dot) => { dot.checked = dot.value === pair[1]; });
      }));
    }
    if (kind === "number" || kind === "text") { form.elements.choice.value = given; }
  }

  function number(text) {
    const written = text.replace(/\s+/g, "").replace(",", ".").replace("−", "-");
    return /^[+-]?(\d{1,15}(\.\d{0,10})?|\.\d{1,10})$/.test(written) ? Number(written) : NaN;
  }

  function compared(text, loose) {
    if (!loose) { return text.normalize("NFC").replace(/’/g, "'").trim().split(/\s+/).join(" "); }
    const bare = text.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    return bare.replace(/[\s'’‘ʼ`´-]+/g, "");
  }

  function right(form, given) {
    const keys = form.dataset.answer.split("\n"), kind = form.dataset.kind, loose = Boolean(form.dataset.loose);
    if (kind === "number") { return Math.abs(number(given) - number(keys[0])) <= number(form.dataset.tolerance) + 1e-9; }
    if (kind === "text") { return keys.some((key) => compared(key, loose) === compared(given, loose)); }
    const sorted = (text) => kind === "order" ? text : text.split("[,]").sort().join("[,]");
    return sorted(given) === sorted(keys[0]);
  }

  function mark(form, given) {
    const told = form.dataset.answer !== undefined, fine = told && right(form, given);
    const wanted = told ? form.dataset.answer.split("[,]") : [], picked = given.split("[,]");
    all(form, "button, input:not([type=hidden]), select").forEach((field) => {
      field.disabled = true;
      if (field.name !== "choice" || !/choice|several/.test(form.dataset.kind)) { return; }
      const tile = field.closest(".answer"), mine = picked.includes(field.value);
      if (mine && field.matches("button")) { field.setAttribute("aria-pressed", "true"); }
      if (told && wanted.includes(field.value)) { tile.classList.add("right"); } else if (told && mine) { tile.classList.add("wrong"); }
    });
    all(form, ".send, [name=arrange]").forEach((part) => { part.hidden = true; });
    const words = form.querySelector(".feedback");
    words.textContent = told ? (fine ? form.dataset.right : form.dataset.wrong) : form.dataset.given;
    words.className = "feedback notice" + (told ? (fine ? " good" : " warn") : "");
    words.dataset.said = (told && (fine ? form.dataset.rightly : form.dataset.wrongly)) || "";
    form.dataset.done = "1";
    finish();
  }

  function finish() {
    const end = document.getElementById("end");
    const open = (root) => root.querySelector("form.question:not([data-done])");
    const unopened = all(document, "template[data-part]").filter((kept) => !parts.has(kept.dataset.part));
    if (end) { end.hidden = Boolean(Array.from(parts.values()).some(open) || unopened.some((kept) => open(kept.content))); }
  }

  function onSubmit(event) {
    const form = event.target;
    if (!form.matches("form.question[data-kind]")) { return; }
    const given = response(form, event.submitter || form.tapped);
    event.preventDefault();
    if (!given && form.dataset.kind === "several") { ask(form); }
    if (!given || form.dataset.done) { return; }
    if (outbox) {
      outbox.add({
        id: form.elements.id.value, token: form.elements.token.value, question: form.elements.question.value,
        response: given, at: Date.now(),
      });
    }
    mark(form, given);
  }

  function ask(form) { // nothing is ticked: what was asked is said again
    const words = form.querySelector(".feedback");
    words.textContent = form.querySelector(".quiet").textContent;
    words.className = "feedback notice warn";
    form.querySelector("input[name=choice]").focus();
  }

  function move(button) {
    const row = button.closest("[data-id]"), up = button.dataset.by === "-1";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) { return; }
    row.parentNode.insertBefore(up ? row : other, up ? other : row);
    button.focus();
    const rows = all(row.parentNode, "[data-id]");
    button.form.querySelector(".feedback").textContent = row.querySelector("span").textContent.trim() + " : " + (rows.indexOf(row) + 1) + "/" + rows.length;
  }

  function opened(part) { // what was answered before a reload and is not yet with the box is shown
    parts.set(part.dataset.part, part);
    (outbox ? outbox.waiting() : []).forEach((entry) => all(part, "form.question:not([data-done])").forEach((form) => {
      const given = entry.response === undefined ? entry.choice : entry.response;
      if (form.elements.token.value === entry.token && form.elements.question.value === entry.question) {
        restore(form, given);
        mark(form, given);
      }
    }));
  }

  function turn(wanted) {
    const now = document.querySelector(".part"), kept = document.querySelector("template[data-part='" + wanted + "']");
    let next = parts.get(wanted);
    if (!next && kept) {
      next = document.createElement("div");
      next.className = "part";
      next.dataset.part = wanted;
      next.appendChild(kept.content.cloneNode(true));
    }
    if (!next) { return false; }
    now.parentNode.replaceChild(next, now);
    opened(next);
    window.history.replaceState(null, "", "?partie=" + wanted);
    document.getElementById("main").focus();
    window.scrollTo(0, 0);
    document.dispatchEvent(new Event("part"));
    finish();
    return true;
  }

  document.addEventListener("click", (event) => { // Safari 13 knows no event.submitter
    const button = event.target.closest("form.question button");
    const link = event.target.closest(".part-links a");
    if (button && button.name === "arrange") { event.preventDefault(); move(button); }
    if (button) { button.form.tapped = button; }
    if (link && turn(new URL(link.href).searchParams.get("partie"))) { event.preventDefault(); }
  }, true);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("answered", finish);
  all(document, ".part").forEach(opened);
  finish();
}());
