import { createStore } from "zustand/vanilla";
import type { ReceiptOpen } from "@trunkline/kit/Receipt";

/** What is unfolded under each answer. Kept here, since a row of a long thread comes and goes. */
export const openPartOf = createStore<Record<string, ReceiptOpen>>(() => ({}));
export const openReasoning = createStore<Record<string, boolean>>(() => ({}));

export const setOpenPart = (messageId: string, part: ReceiptOpen): void => openPartOf.setState({ [messageId]: part });
export const setOpenReasoning = (messageId: string, open: boolean): void =>
  openReasoning.setState({ [messageId]: open });
