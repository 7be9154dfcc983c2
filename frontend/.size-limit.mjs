// What is sent for the first screen, brotli: the entry, what it imports at once, and the style sheet; read from the
// manifest of the build. The bar of the project is 200 KB of JavaScript; ours is 180.
import { existsSync, readFileSync } from "node:fs";

/** @param {Record<string, {file: string, imports?: string[]}>} manifest @param {string} name @param {Set<string>} seen */
function withImports(manifest, name, seen = new Set()) {
  const chunk = manifest[name];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const imported of chunk.imports ?? []) withImports(manifest, imported, seen);
  return seen;
}

/** @param {string} dist @param {string} entry @param {string} title @param {string} limit */
function limitOf(dist, entry, title, limit) {
  const manifest = JSON.parse(readFileSync(`${dist}/.vite/manifest.json`, "utf8"));
  const files = [...withImports(manifest, entry)].map((file) => `${dist}/${file}`);
  if (files.length === 0) throw new Error(`${dist}: the manifest has no ${entry}`);
  return { name: title, path: files, limit, brotli: true };
}

const limits = [
  limitOf("chat/dist", "index.html", "chat, first screen", "180 KB"),
  limitOf("chat/dist", "src/answer/Markdown.tsx", "chat, first screen and answers", "270 KB"),
];
if (existsSync("../trunkline/admin/ui/.vite/manifest.json")) {
  limits.push(limitOf("../trunkline/admin/ui", "index.html", "admin, first screen", "200 KB"));
}

export default limits;
