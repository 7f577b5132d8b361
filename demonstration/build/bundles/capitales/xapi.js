// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: CC-BY-SA-4.0
//
// Reports to the record store that opened the page (Tin Can launch parameters), or to nobody. Statements wait in memory
// until the store has them: each has its id, so that sending one twice is harmless. They carry no time: a tablet's clock
// may be wrong, the store's own is used.
"use strict";
var Records = (function () {
  var VERBS = "http://adlnet.gov/expapi/verbs/", FIRST_WAIT = 1000, LONGEST_WAIT = 30000, PATIENCE = 15000;
  var given = new URLSearchParams(location.search);
  var endpoint = given.get("endpoint"), auth = given.get("auth"), actor = null;
  var waiting = [], sending = false, wait = FIRST_WAIT, told = function () {};
  try { actor = JSON.parse(given.get("actor")); } catch (error) { actor = null; }
  var open = Boolean(endpoint && auth && actor);

  function uuid() {
    var bytes = crypto.getRandomValues(new Uint8Array(16)), hex = "";
    bytes[6] = bytes[6] & 15 | 64;
    bytes[8] = bytes[8] & 63 | 128;
    bytes.forEach(function (byte) { hex += (byte + 256).toString(16).slice(1); });
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function ask(method, path, body) {
    var stop = new AbortController(), clock = setTimeout(function () { stop.abort(); }, PATIENCE);
    var headers = { "Authorization": auth, "X-Experience-API-Version": "1.0.3" };
    if (body !== undefined) { headers["Content-Type"] = "application/json"; }
    return fetch(endpoint.replace(/\/*$/, "/") + path, {
      method: method, headers: headers, signal: stop.signal, cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    }).then(function (answer) { clearTimeout(clock); return answer; }, function (error) { clearTimeout(clock); throw error; });
  }

  function flush() {
    var batch = waiting.slice(0, 20);
    if (sending || !batch.length) { return; }
    sending = true;
    ask("POST", "statements", batch).then(function (answer) {
      if (!answer.ok && (answer.status === 429 || answer.status >= 500)) { throw new Error("status " + answer.status); }
      waiting = waiting.slice(batch.length); // taken, or refused for good
      wait = FIRST_WAIT;
      sending = false;
      told(waiting.length);
      flush();
    }).catch(function () {
      sending = false;
      told(waiting.length);
      setTimeout(flush, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  function say(verb, display, object, more) {
    if (!open) { return; }
    waiting.push(Object.assign({
      id: uuid(),
      actor: actor,
      verb: { id: VERBS + verb, display: { fr: display } },
      object: object,
      context: {
        registration: given.get("registration") || undefined,
        platform: given.get("activity_platform") || undefined,
        language: "fr",
        contextActivities: {
          parent: object.id === given.get("activity_id") ? undefined : [{ id: given.get("activity_id") }],
          grouping: given.get("grouping") ? [{ id: given.get("grouping") }] : undefined,
        },
      },
    }, more));
    flush();
  }

  function statePath(more) {
    return "activities/state?" + new URLSearchParams(Object.assign({
      activityId: given.get("activity_id"), agent: JSON.stringify(actor), registration: given.get("registration"),
    }, more));
  }

  function json(answer) {
    if (!answer.ok) { throw new Error("status " + answer.status); }
    return answer.json();
  }

  window.addEventListener("online", flush);
  return {
    activity: given.get("activity_id") || "https://cartable.invalid/packages/capitales-d-europe",
    say: say,
    onWaiting: function (listener) { told = listener; },
    keep: function (name, value) {
      if (open) { ask("PUT", statePath({ stateId: name }), value).catch(function () { /* only a convenience */ }); }
    },
    kept: function (name) {
      if (!open) { return Promise.resolve(null); }
      return ask("GET", statePath()).then(json).then(function (names) { // what is not listed would be an error to ask for
        return names.indexOf(name) < 0 ? null : ask("GET", statePath({ stateId: name })).then(json);
      }).catch(function () { return null; });
    },
  };
}());
