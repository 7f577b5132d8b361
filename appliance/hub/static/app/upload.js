// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Shows how far an upload is. Without it the form works all the same.
"use strict";
(function () {
  const form = document.getElementById("upload");
  if (!form || !window.FormData) { return; }
  const bar = form.querySelector("progress"), words = document.getElementById("upload-state");
  const button = form.querySelector("button.button"), trouble = document.getElementById("upload-errors");

  function failed(sentences) {
    button.disabled = false;
    bar.hidden = true;
    words.textContent = "";
    trouble.hidden = false;
    trouble.textContent = sentences.join(" ");
    trouble.focus();
  }

  function over(request) {
    let told = null;
    try { told = JSON.parse(request.responseText); } catch (error) { /* not the hub's answer */ }
    if (told && told.location) { window.location.assign(told.location); return; }
    failed(told && told.errors && told.errors.length ? told.errors : [form.dataset.failed]);
  }

  form.addEventListener("submit", (event) => {
    if (!form.elements.files.files.length) { return; }
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) { return; }
      bar.value = step.loaded / step.total;
      words.textContent = Math.round(100 * bar.value) + " %";
    });
    request.addEventListener("load", () => over(request));
    request.addEventListener("error", () => failed([form.dataset.failed]));
    trouble.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    request.send(new FormData(form));
  });
}());
