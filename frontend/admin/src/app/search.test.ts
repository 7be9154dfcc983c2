import { expect, test } from "vitest";
import { parseSearch, rangeOnly, stringifySearch, validateSearch } from "./search.ts";

test("the address is plain text that people can write, and comes back the same", () => {
  const search = { last: "7d", status: "429", model: "gpt*&x=1", live: "on" };
  const text = stringifySearch(search);
  expect(text).toBe("?last=7d&status=429&model=gpt*%26x%3D1&live=on");
  expect(validateSearch(parseSearch(text))).toEqual(search);
});

test("parameters that nobody knows, and empty ones, are dropped", () => {
  expect(validateSearch(parseSearch("?evil=1&model=&__proto__=x&r=id"))).toEqual({ r: "id" });
});

test("a link to another page takes the range along and leaves the filter", () => {
  expect(rangeOnly({ last: "7d", zone: "UTC", model: "x", r: "id" })).toEqual({ last: "7d", zone: "UTC" });
});
