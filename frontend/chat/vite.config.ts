import { readFile } from "node:fs/promises";
import { fileURLToPath, URL } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { precompress } from "../tools/precompress.mjs";

const api = process.env["TRUNKLINE_API"] ?? "http://127.0.0.1:8000";
const room = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The theme must be known before the first paint, so its script is no module; and it is a file, because the policy of
 * the page allows no script inside of it.
 */
function themeScript(): Plugin {
  return {
    name: "theme-script",
    apply: "build",
    async buildStart() {
      const source = await readFile(room("../kit/src/theme.js"), "utf8");
      this.emitFile({ type: "asset", name: "theme.js", source });
    },
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const names = Object.keys(bundle ?? {});
        const script = names.find((name) => /^assets\/theme-[\w-]+\.js$/.test(name));
        if (script === undefined) throw new Error("the theme's script is not in the bundle");
        const fonts = names.filter((name) =>
          /ibm-plex-(sans-latin-wght-normal|mono-latin-400-normal)[\w-]*\.woff2$/.test(name),
        );
        return [
          { tag: "script", attrs: { src: `/${script}` }, injectTo: "head-prepend" },
          ...fonts.map((font) => ({
            tag: "link",
            attrs: { rel: "preload", href: `/${font}`, as: "font", type: "font/woff2", crossorigin: "" },
            injectTo: "head" as const,
          })),
        ];
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), themeScript(), precompress()],
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${room("./src")}/` },
      // Raw HTML in an answer is shown as text, so its parser is unreachable: 40 KB that nobody should download.
      { find: /^rehype-raw$/, replacement: room("./src/answer/noRawHtml.ts") },
      // 47 languages instead of 350, and no themes.
      { find: /^shiki$/, replacement: room("./src/answer/highlighter.ts") },
    ],
  },
  build: {
    target: "es2023",
    // An inlined asset would be a data: URL, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    // The preload helper writes link elements itself; the browsers we build for need no polyfill.
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: { port: 3000, strictPort: true, proxy: { "/api": api, "/health": api } },
});
