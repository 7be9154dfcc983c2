import type { Root } from "hast";
import { visit } from "unist-util-visit";

/** HTML that a model wrote becomes text before anything else sees it: there is no way from here to an element. */
export function rawAsText() {
  return (tree: Root): void => {
    visit(tree, "raw", (node, index, parent) => {
      if (parent && index !== undefined) parent.children[index] = { type: "text", value: node.value };
    });
  };
}
