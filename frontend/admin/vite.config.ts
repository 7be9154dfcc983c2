import { readFile } from "node:fs/promises";
import { fileURLToPath, URL } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { precompress } from "../tools/precompress.mjs";

const room = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * What the gateway stamps: `__BASE__` is where it is mounted. The theme's script must run before the first paint, so it
 * is no module, and is a file of its own, because the policy of the page allows no script inside of it.
 */
function stamped(): Plugin {
  let theme = "";
  return {
    name: "stamped",
    apply: "build",
    async buildStart() {
      const source = await readFile(room("../kit/src/theme.js"), "utf8");
      theme = this.emitFile({ type: "asset", name: "theme.js", source });
    },
    transformIndexHtml: {
      order: "post",
      handler(html, context) {
        const file = Object.keys(context.bundle ?? {}).find((name) => /^assets\/theme-[\w-]+\.js$/.test(name));
        if (file === undefined) throw new Error(`the theme's script (${theme}) is not in the bundle`);
        return {
          html: html.replaceAll('"./assets/', '"__BASE__/assets/'),
          tags: [{ tag: "script", attrs: { src: `__BASE__/${file}` }, injectTo: "head-prepend" }],
        };
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), stamped(), precompress()],
  // Addresses relative to the file they stand in: the gateway may be mounted anywhere.
  base: "./",
  resolve: { alias: { "@": room("./src") } },
  build: {
    outDir: "../../trunkline/admin/ui",
    emptyOutDir: true,
    target: "es2023",
    // An inlined asset would be a data: URL, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 3001, proxy: { "/trunkline": "http://127.0.0.1:4000" } },
});
