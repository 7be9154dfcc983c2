// Writes `.br` and `.gz` beside every text file of a build, so that no server compresses while somebody waits.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const TEXT = /\.(js|css|html|svg|json)$/;
// Below this a response fits one packet either way.
const WORTHWHILE_BYTES = 1400;

/** @returns {import("vite").Plugin} */
export function precompress() {
  let directory = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      directory = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      const names = await readdir(directory, { recursive: true });
      // index.html is left out: the server writes a nonce into it for every request.
      const texts = names.filter((name) => TEXT.test(name) && name !== "index.html");
      await Promise.all(texts.map((name) => compressFile(join(directory, name))));
    },
  };
}

/** @param {string} path */
async function compressFile(path) {
  const content = await readFile(path);
  if (content.length < WORTHWHILE_BYTES) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
}
