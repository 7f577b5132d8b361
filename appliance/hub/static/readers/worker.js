// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// pdf.js's worker, given first what old browsers lack. A classic worker: Safari 13 has no module ones.
"use strict";
importScripts("polyfills.js?v=fafc40011c");
importScripts("../vendor/pdfjs-dist-4.10.38/pdf.worker.js?v=6423c32420");
