// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What the readers' libraries use and Chrome 80 or Safari 13 lack. esbuild translates syntax; this adds functions,
// in the pages and in the worker.

function add(owner, name, value) {
  if (owner && !(name in owner)) { Object.defineProperty(owner, name, { value, configurable: true, writable: true }); }
}

function at(index) {
  const place = Math.trunc(index) || 0;
  return this[place < 0 ? this.length + place : place];
}

function findLastIndex(test, self) {
  for (let i = this.length - 1; i >= 0; i -= 1) { if (test.call(self, this[i], i, this)) { return i; } }
  return -1;
}

function replaceAll(what, by) {
  if (what instanceof RegExp) { return this.replace(what, by); }
  return this.split(what).join(typeof by === "function" ? by(what) : by);
}

function replaceChildren(...nodes) {
  while (this.lastChild) { this.removeChild(this.lastChild); }
  this.append(...nodes);
}

function groupInto(map, items, key) {
  let i = 0;
  for (const item of items) {
    const name = key(item, i);
    i += 1;
    if (map.has(name)) { map.get(name).push(item); } else { map.set(name, [item]); }
  }
  return map;
}

class LaterObserver { // Safari 13.0 has no ResizeObserver: a first call, then one at each resize of the window
  constructor(callback) {
    this.callback = callback;
    this.elements = new Set();
    this.tell = () => { if (this.elements.size) { this.callback(Array.from(this.elements, (target) => ({ target, contentRect: target.getBoundingClientRect() })), this); } };
    window.addEventListener("resize", this.tell);
  }

  observe(element) { this.elements.add(element); requestAnimationFrame(this.tell); }

  unobserve(element) { this.elements.delete(element); }

  disconnect() { this.elements.clear(); }
}

add(Array.prototype, "at", at);
add(String.prototype, "at", function charAt(index) { return at.call(this, index); });
add(Object.getPrototypeOf(Uint8Array.prototype), "at", at);
add(Array.prototype, "findLastIndex", findLastIndex);
add(Array.prototype, "findLast", function findLast(test, self) { return this[findLastIndex.call(this, test, self)]; });
add(String.prototype, "replaceAll", replaceAll);
if (self.document) { // not in a worker
  add(Element.prototype, "replaceChildren", replaceChildren);
  add(DocumentFragment.prototype, "replaceChildren", replaceChildren);
  add(self, "ResizeObserver", LaterObserver);
}
add(Map, "groupBy", (items, key) => groupInto(new Map(), items, key));
add(Object, "groupBy", (items, key) => { const found = Object.create(null); groupInto(new Map(), items, key).forEach((list, name) => { found[name] = list; }); return found; });
add(Object, "hasOwn", (object, name) => Object.prototype.hasOwnProperty.call(object, name));
add(self, "WeakRef", class { constructor(target) { this.target = target; } deref() { return this.target; } });
add(self, "structuredClone", (value) => JSON.parse(JSON.stringify(value)));
