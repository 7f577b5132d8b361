// SPDX-FileCopyrightText: 2026 The Cartable authors
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Fetches the pinned front-end libraries from npm and writes what the box serves into
// appliance/hub/static/vendor/<library>-<version>/, with each licence, plus VENDORED.toml (what stands there) and
// REUSE.toml (under which licence). Compiled for Chrome 80 and Safari 13. Needs Node 18 or later; `make vendor`.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARIES, TOOLS } from "./vendor/libraries.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, "appliance/hub/static/vendor");
const BUILD = join(ROOT, "build/vendor");
const require = createRequire(join(BUILD, "package.json"));

function install() {
  const dependencies = { ...TOOLS };
  for (const lib of LIBRARIES) dependencies[lib.name] = lib.version;
  mkdirSync(BUILD, { recursive: true });
  writeFileSync(join(BUILD, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: BUILD, stdio: "inherit" });
}

function folderName(lib) {
  return `${lib.name.replace(/^@[^/]+\//, "")}-${lib.version}`;
}

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath || entry.path, entry.name)))
    .sort();
}

async function build(lib, esbuild) {
  const target = join(OUT, folderName(lib));
  const source = join(BUILD, "node_modules", lib.name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const licence = readdirSync(source).find((name) => /^licen[cs]e/i.test(name));
  cpSync(join(source, licence), join(target, "LICENSE"));
  for (const [from, to] of Object.entries(lib.copy || {})) cpSync(join(source, from), join(target, to), { recursive: true });
  for (const [file, text] of Object.entries(lib.make ? lib.make(source) : {})) writeFileSync(join(target, file), text);
  for (const options of lib.bundles || []) {
    await esbuild.build({
      bundle: true, minify: true, target: ["chrome80", "safari13"], charset: "utf8", legalComments: "inline",
      logLevel: "error", logLimit: 5,
      supported: { destructuring: true }, // esbuild shuns it for a corner-case bug of Safari 13 only
      absWorkingDir: BUILD, nodePaths: [join(BUILD, "node_modules")], ...options, outfile: join(target, options.outfile),
    });
  }
  return describe(lib, target);
}

function describe(lib, target) {
  const files = listFiles(target).map((path) => {
    const bytes = readFileSync(join(target, path));
    return { path, sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  });
  return { ...lib, folder: folderName(lib), files };
}

const HEAD = "# SPDX-FileCopyrightText: 2026 The Cartable authors\n# SPDX-License-Identifier: AGPL-3.0-or-later\n# Written by tools/vendor.mjs.\n";

function inventory(libs) {
  const tables = libs.map((lib) => [
    "[[library]]", `name = ${JSON.stringify(lib.name)}`, `version = "${lib.version}"`, `licence = "${lib.licence}"`,
    `holder = ${JSON.stringify(lib.holder)}`, `url = "${lib.url}"`, `purpose = ${JSON.stringify(lib.purpose)}`,
    "files = [", ...lib.files.map((f) => `  { path = "${lib.folder}/${f.path}", sha256 = "${f.sha256}" },`), "]",
  ].join("\n"));
  return HEAD + tables.join("\n\n") + "\n";
}

function licences(libs) {
  const rows = libs.map((lib) => [
    "[[annotations]]", `path = "${lib.folder}/**"`, 'precedence = "override"',
    `SPDX-FileCopyrightText = ${JSON.stringify(lib.holder)}`, `SPDX-License-Identifier = "${lib.spdx || lib.licence}"`,
  ].join("\n"));
  return HEAD + "version = 1\n\n" + rows.join("\n\n") + "\n";
}

install();
const esbuild = require("esbuild");
mkdirSync(OUT, { recursive: true });
const keep = new Set(LIBRARIES.map(folderName));
for (const name of readdirSync(OUT)) {
  const path = join(OUT, name);
  if (statSync(path).isDirectory() && !keep.has(name)) rmSync(path, { recursive: true });
}
const built = [];
for (const lib of LIBRARIES) built.push(await build(lib, esbuild));
writeFileSync(join(OUT, "VENDORED.toml"), inventory(built));
writeFileSync(join(OUT, "REUSE.toml"), licences(built));
const total = built.flatMap((lib) => lib.files).reduce((sum, file) => sum + file.size, 0);
for (const lib of built) console.log(lib.folder, Math.round(lib.files.reduce((s, f) => s + f.size, 0) / 1024), "KB");
console.log("total", Math.round(total / 1024), "KB");
if (!existsSync(join(OUT, "VENDORED.toml"))) process.exit(1);
