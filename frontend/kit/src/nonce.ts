import { setNonce } from "get-nonce";

/** The nonce that the server stamped into the page, or undefined where there is none (tests, `vite dev`). */
export function cspNonce(): string | undefined {
  const stamped = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return stamped === undefined || stamped === "" || stamped === "__CSP_NONCE__" ? undefined : stamped;
}

// Radix's scroll lock writes a style element while a dialog is open; with the nonce the policy of the page lets it.
const nonce = typeof document === "undefined" ? undefined : cspNonce();
if (nonce !== undefined) setNonce(nonce);
