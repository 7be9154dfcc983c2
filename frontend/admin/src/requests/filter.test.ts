import { expect, test } from "vitest";
import { filterOf, filterText } from "./filter.ts";

test("a line of words becomes a filter, and the filter the same line", () => {
  const text = "status:5xx model:gpt* provider:openai key:ab12 kind:quota cost:>0.10";
  const { filter, unknown } = filterOf(text);
  expect(filter).toEqual({
    status: "5xx",
    model: "gpt*",
    provider: "openai",
    key: "ab12",
    kind: "quota",
    min_cost: "0.10",
  });
  expect(unknown).toEqual([]);
  expect(filterText(filter)).toBe(text);
});

test("what has no name in front is an id, also one with spaces in quotes", () => {
  expect(filterOf("01a20e86-d1c2").filter).toEqual({ id: "01a20e86-d1c2" });
  expect(filterOf('"my own id" status:200').filter).toEqual({ id: "my own id", status: "200" });
});

test("a model with spaces or markup survives the way to the line and back", () => {
  const filter = { model: "<img src=x onerror=alert(1)>" };
  expect(filterOf(filterText(filter)).filter).toEqual(filter);
});

test("a word that means nothing is given back", () => {
  expect(filterOf("colour:green model:x constructor:1")).toEqual({
    filter: { model: "x" },
    unknown: ["colour:green", "constructor:1"],
  });
});
