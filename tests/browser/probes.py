# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Questions put to a page, as scripts; each gives a list of what is wrong, in words."""

# ruff: noqa: E501
from __future__ import annotations

TARGETS = """least => {
  const wrong = [], seen = new Set();
  const shown = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 && getComputedStyle(e).visibility !== 'hidden'; };
  const inline = e => getComputedStyle(e).display === 'inline' && e.closest('p, li, dd, td');
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])')) {
    if (e.matches('.skip, input[type=hidden]') || e.closest('.hush') || !shown(e)) continue;
    const area = e.matches('input[type=radio], input[type=checkbox], input[type=file]') && e.closest('label') || e;
    if (seen.has(area)) continue;
    seen.add(area);
    const box = area.getBoundingClientRect();
    if (least < 88 && e.matches('a') && inline(e)) continue;
    if (Math.min(box.width, box.height) < least - 0.5) wrong.push(`${Math.round(box.width)}x${Math.round(box.height)} ${e.outerHTML.slice(0, 120)}`);
  }
  return wrong;
}"""
"""Targets smaller than ``least`` px. Links inside a sentence may be smaller on adults' pages (WCAG 2.5.5)."""

SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth, wrong = [];
  if (document.documentElement.scrollWidth > wide) wrong.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const e of document.body.querySelectorAll('*')) {
    const box = e.getBoundingClientRect();
    if (box.width === 0 || e.closest('.skip, .hush, svg') || getComputedStyle(e).position === 'fixed') continue;
    if (box.right > wide + 1 || box.left < -1) wrong.push(`${Math.round(box.left)}..${Math.round(box.right)} ${e.outerHTML.slice(0, 120)}`);
  }
  return wrong;
}"""
"""What stands out of a page to the left or right."""

SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
"""WCAG 1.4.12: what a reader may impose."""

CLIPPED = """() => {
  const wrong = [];
  for (const e of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(e), text = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!e.getClientRects().length || e.closest('.hush, .skip, svg, option, datalist, textarea, input')) continue;
    const hides = v => v === 'hidden' || v === 'clip';
    if ((hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1) || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1))
      wrong.push(`cut off: ${e.outerHTML.slice(0, 120)}`);
    if (!text || style.display === 'inline') continue;
    const range = document.createRange();
    range.selectNodeContents(e);
    const inner = range.getBoundingClientRect(), outer = e.getBoundingClientRect();
    if (inner.right > outer.right + 2 || inner.bottom > outer.bottom + parseFloat(style.fontSize) / 2) wrong.push(`spills: ${e.outerHTML.slice(0, 120)}`);
  }
  return wrong;
}"""
"""Text that is cut off or spills out of its box. Fields scroll; letters of some fonts are taller than their line."""

FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const area = e.closest('.choice') || e;
  const style = getComputedStyle(area), own = getComputedStyle(e), box = e.getBoundingClientRect();
  const ring = s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2);
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return {
    html: e.outerHTML.slice(0, 140), ring: ring(style) || ring(own),
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: !(top && (top === e || e.contains(top) || top.contains(e) || area.contains(top))),
  };
}"""
"""Whether the focused element shows it, and can be seen; None when nothing has the focus."""

MOVING = """() => [
  ...document.getAnimations().map(a => 'animation ' + (a.animationName || a.transitionProperty)),
  ...[...document.querySelectorAll('*:not(track)')].filter(e => { const s = getComputedStyle(e);
    return s.transitionDuration.split(',').some(t => parseFloat(t) > 0) || s.animationName !== 'none' || s.scrollBehavior === 'smooth'; })
    .map(e => e.outerHTML.slice(0, 100)),
]"""
"""What moves, or would."""

PLAYING = """() => [...document.querySelectorAll('audio, video')].filter(m => m.autoplay || !m.paused).map(m => m.outerHTML.slice(0, 100))"""

WORDS = """() => {
  const found = [], walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const p = n.parentElement;
    if (n.data.trim() && !p.closest('script, style')) found.push([n.data.trim().replace(/\\s+/g, ' '), p.closest('[lang]').lang]);
  }
  for (const e of document.querySelectorAll('*'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'label', ...Object.keys(e.dataset).map(k => 'data-' + k.replace(/[A-Z]/g, c => '-' + c.toLowerCase()))])
      if ((e.getAttribute(name) || '').trim()) found.push([e.getAttribute(name).trim(), (e.closest('[lang]') || document.documentElement).lang]);
  return found;
}"""
"""Every text of the page, shown or kept for a script, with the language that it is said to be in."""
