// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Pupils' tablets may be of 2020: Chrome 80, Safari 13. Their scripts are plain ES2017; the readers are modules whose
// missing functions readers/polyfills.js adds; vendored bundles were lowered by esbuild and must only still parse.

import compat from "eslint-plugin-compat";
import globals from "globals";

const TOO_YOUNG = [
  { selector: "ChainExpression", message: "Safari 13 knows no ?." },
  { selector: "LogicalExpression[operator='??']", message: "Safari 13 knows no ??" },
  { selector: "PropertyDefinition, PrivateIdentifier, StaticBlock", message: "Safari 13 knows no class fields" },
];
const settings = { targets: ["chrome 80", "safari 13"] };
const rules = {
  "compat/compat": "error", "no-undef": "error", "no-unused-vars": ["error", { caughtErrors: "none" }], "eqeqeq": "error",
  "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-var": "error", "prefer-const": "error",
  "no-restricted-syntax": ["error", ...TOO_YOUNG],
  "no-restricted-properties": ["error", { property: "innerHTML", message: "Use textContent or elements." }],
};

export default [
  {
    files: ["**/static/app/*.js"], plugins: { compat }, settings, rules,
    languageOptions: { ecmaVersion: 2017, sourceType: "script", globals: globals.browser },
  },
  {
    files: ["**/static/readers/*.js"], plugins: { compat }, rules,
    settings: { ...settings, polyfills: ["ResizeObserver", "WeakRef", "structuredClone", "Object.groupBy", "Map.groupBy", "Object.hasOwn"] },
    languageOptions: { ecmaVersion: 2020, sourceType: "module", globals: globals.browser },
  },
  { files: ["**/static/readers/worker.js"], languageOptions: { sourceType: "script", globals: globals.worker } },
  {
    files: ["**/static/vendor/**/*.js"], linterOptions: { reportUnusedDisableDirectives: "off" },
    rules: { "no-restricted-syntax": ["error", ...TOO_YOUNG] },
    languageOptions: { ecmaVersion: 2020, sourceType: "module" },
  },
  {
    files: ["**/static/vendor/**/pdf.worker.js", "**/static/vendor/**/htmx.js"],
    languageOptions: { ecmaVersion: 2020, sourceType: "script" },
  },
];
