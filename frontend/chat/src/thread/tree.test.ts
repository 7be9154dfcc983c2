import { describe, expect, it } from "vitest";
import { message } from "../testing/message";
import { MessageTree } from "./tree";

const QUESTION = message({ id: "01", role: "user" });
const FIRST = message({ id: "02", parent_id: "01", role: "assistant" });
const RETRY = message({ id: "03", parent_id: "01", role: "assistant" });
const FOLLOW_UP = message({ id: "04", parent_id: "02", role: "user" });
const EDITED = message({ id: "05", parent_id: "02", role: "user" });

const tree = new MessageTree([EDITED, RETRY, QUESTION, FOLLOW_UP, FIRST]);
const ids = (messages: { id: string }[]): string[] => messages.map(({ id }) => id);

describe("MessageTree", () => {
  it("shows the path from the root down to the leaf", () => {
    expect(ids(tree.pathTo("04"))).toEqual(["01", "02", "04"]);
  });

  it("shows the newest versions where no leaf is chosen", () => {
    expect(ids(tree.pathTo(null))).toEqual(["01", "03"]);
  });

  it("shows the newest versions where the leaf is gone", () => {
    expect(ids(tree.pathTo("99"))).toEqual(["01", "03"]);
  });

  it("calls siblings of one role the versions of a turn, oldest first", () => {
    expect(ids(tree.versions(RETRY))).toEqual(["02", "03"]);
    expect(ids(tree.versions(FOLLOW_UP))).toEqual(["04", "05"]);
    expect(ids(tree.versions(QUESTION))).toEqual(["01"]);
  });

  it("finds the end of the newest path below a version", () => {
    expect(tree.newestUnder("02")?.id).toBe("05");
    expect(tree.newestUnder("03")?.id).toBe("03");
  });

  it("shows a message whose parent is gone, rather than lose it", () => {
    const orphan = message({ id: "07", parent_id: "06", role: "user" });
    expect(ids(new MessageTree([orphan]).pathTo(null))).toEqual(["07"]);
  });
});
