import type { Message } from "@/api/types";

/** The messages of a conversation as a tree: versions of a turn are siblings. Order among siblings is by id (time). */
export class MessageTree {
  readonly #byId = new Map<string, Message>();
  readonly #children = new Map<string | null, Message[]>();

  constructor(messages: readonly Message[]) {
    for (const message of messages) this.#byId.set(message.id, message);
    const inOrder = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const message of inOrder) {
      // A parent that is not there (purged) makes its children roots rather than unreachable.
      const parent = message.parent_id !== null && this.#byId.has(message.parent_id) ? message.parent_id : null;
      const siblings = this.#children.get(parent);
      if (siblings) siblings.push(message);
      else this.#children.set(parent, [message]);
    }
  }

  get(id: string): Message | undefined {
    return this.#byId.get(id);
  }

  /** From the root down to `leafId`; without a leaf, down the newest versions. */
  pathTo(leafId: string | null): Message[] {
    const leaf = leafId === null ? undefined : this.#byId.get(leafId);
    const end = leaf ?? this.newestUnder(null);
    const path: Message[] = [];
    const seen = new Set<string>();
    for (let at = end; at && !seen.has(at.id); at = at.parent_id === null ? undefined : this.#byId.get(at.parent_id)) {
      seen.add(at.id);
      path.push(at);
    }
    return path.toReversed();
  }

  /** The message itself and the other versions of it, oldest first. */
  versions(message: Message): Message[] {
    const parent = message.parent_id !== null && this.#byId.has(message.parent_id) ? message.parent_id : null;
    return (this.#children.get(parent) ?? []).filter((sibling) => sibling.role === message.role);
  }

  /** The last message of the newest path below `id` (null: of the whole tree). */
  newestUnder(id: string | null): Message | undefined {
    let at: Message | undefined = id === null ? undefined : this.#byId.get(id);
    for (let next = this.#children.get(id)?.at(-1); next; next = this.#children.get(next.id)?.at(-1)) at = next;
    return at;
  }
}
