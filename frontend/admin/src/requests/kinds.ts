import type { Shapes } from "@/api/client";

type Kind = Shapes["ErrorKind"];

/** What went wrong, in a word that fits a row. */
const KIND_WORD: Record<Kind, string> = {
  client_left: "client left",
  interrupted: "gateway stopped",
  timeout: "timed out",
  cut: "cut off",
  too_long: "too long",
  filtered: "filtered",
  refused: "refused here",
  quota: "quota",
  key_refused: "key refused",
  not_found: "not found",
  bad_request: "bad request",
  provider_down: "provider down",
};

/** The word for a kind; one that this page does not know yet is shown as it came. */
export function kindWord(kind: string): string {
  return (KIND_WORD as Record<string, string>)[kind] ?? kind; // wider, because the gateway may be newer than the page
}
