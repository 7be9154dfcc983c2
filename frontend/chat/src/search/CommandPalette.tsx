import { Command as Cmdk } from "cmdk";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { conversationListQuery, conversationQuery } from "@/api/conversations";
import { toErrorBody } from "@/api/errors";
import { modelsQuery } from "@/api/models";
import { openOverlay } from "@/app/shellStore";
import { matches, NO_FILTERS } from "@/picker/filter";
import { standingOf } from "@/picker/state";
import { Dialog } from "@trunkline/kit/Dialog";
import { Kbd } from "@trunkline/kit/Kbd";
import { setTheme } from "@trunkline/kit/theme";
import { Time } from "@trunkline/kit/Time";
import { findCommands, type Command } from "./commands";
import { marked } from "./marked";
import { useMessageSearch } from "./useSearch";

interface CommandPaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

const ITEM =
  "flex min-h-8 cursor-pointer items-center gap-3 px-4 py-1 text-control text-ink data-[selected=true]:bg-accent-soft coarse:min-h-11";
const GROUP =
  "[&_[cmdk-group-heading]]:px-4 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-meta [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-3";
const SHOWN_RECENT = 6;
const SHOWN_MODELS = 5;

/** ⌘K: finds conversations, messages, models and commands, and goes there. */
export function CommandPalette({ open, onOpenChange }: CommandPaletteProps): React.JSX.Element {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Search and commands" titleHidden width="wide">
      <Palette onClose={() => onOpenChange(false)} />
    </Dialog>
  );
}

type SearchHit = ReturnType<typeof useMessageSearch>["hits"][number];

function Hit({ hit, onSelect }: { hit: SearchHit; onSelect: () => void }): React.JSX.Element {
  return (
    <Cmdk.Item value={`hit ${hit.conversation_id} ${hit.message_id ?? ""}`} className={ITEM} onSelect={onSelect}>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{hit.title === "" ? "Untitled" : hit.title}</span>
        <span className="line-clamp-2 text-ui text-ink-2">
          {marked(hit.snippet, hit.ranges).map((piece, index) =>
            piece.hit ? (
              <mark key={index} className="bg-warn-soft text-ink">
                {piece.text}
              </mark>
            ) : (
              <span key={index}>{piece.text}</span>
            ),
          )}
        </span>
      </span>
      <Time at={hit.created_at} className="flex-none text-meta text-ink-3" />
    </Cmdk.Item>
  );
}

/** The last conversations, while nothing is typed. */
function Recent({ onOpen }: { onOpen: (id: string, kind: "chat" | "compare") => void }): React.JSX.Element | null {
  const { data } = useInfiniteQuery(conversationListQuery);
  const recent = data?.pages.flatMap((page) => page.items).slice(0, SHOWN_RECENT) ?? [];
  if (recent.length === 0) return null;
  return (
    <Cmdk.Group heading="Recent" className={GROUP}>
      {recent.map(({ id, kind, title, updated_at: changed }) => (
        <Cmdk.Item key={id} value={`recent ${id}`} className={ITEM} onSelect={() => onOpen(id, kind)}>
          <span className="min-w-0 flex-1 truncate">{title === "" ? "Untitled" : title}</span>
          {kind === "compare" && <span className="text-meta text-ink-3">comparison</span>}
          <Time at={changed} className="flex-none text-meta text-ink-3" />
        </Cmdk.Item>
      ))}
    </Cmdk.Group>
  );
}

/** Models that have the words; Enter begins a chat with one. */
function Models({ query, onOpen }: { query: string; onOpen: (id: string) => void }): React.JSX.Element | null {
  const { data: list } = useQuery(modelsQuery);
  const found = query.trim() === "" ? [] : (list?.models ?? []).filter((model) => matches(model, query, NO_FILTERS));
  if (found.length === 0) return null;
  return (
    <Cmdk.Group heading="Models" className={GROUP}>
      {found.slice(0, SHOWN_MODELS).map((model) => (
        <Cmdk.Item key={model.id} value={`model ${model.id}`} className={ITEM} onSelect={() => onOpen(model.id)}>
          <span className="min-w-0 flex-1 truncate">{model.name}</span>
          <span className="text-ui text-ink-3">{model.provider}</span>
          <span className="text-ui text-ink-3">{standingOf(model).word}</span>
        </Cmdk.Item>
      ))}
    </Cmdk.Group>
  );
}

/** What to say where there is nothing to list: searching, nothing found, failed. */
function note(query: string, search: ReturnType<typeof useMessageSearch>): string | null {
  if (search.error !== null) return toErrorBody(search.error).message;
  if (!search.isAsked || search.hits.length > 0) return null;
  return search.isFetching ? "Searching…" : `No message has “${query.trim()}”.`;
}

function Palette({ onClose }: { onClose: () => void }): React.JSX.Element {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [query, setQuery] = useState("");
  const search = useMessageSearch(query);
  const isBlank = query.trim() === "";

  const openConversation = (id: string, kind: "chat" | "compare", message?: string | null): void => {
    onClose();
    if (kind === "compare") void navigate({ to: "/compare/$id", params: { id } });
    else void navigate({ to: "/c/$id", params: { id }, search: message ? { m: message } : {} });
  };
  // A hit does not say whether it is in a chat or in a comparison; the conversation does.
  const openHit = async ({ conversation_id: id, message_id: message }: SearchHit): Promise<void> => {
    const found = await client.fetchQuery(conversationQuery(id)).catch(() => null);
    openConversation(id, found?.kind ?? "chat", message);
  };
  const run = ({ does }: Command): void => {
    onClose();
    if ("to" in does) void navigate({ to: does.to });
    else if ("theme" in does) setTheme(does.theme);
    else openOverlay(does.overlay);
  };
  const said = note(query, search);

  return (
    <Cmdk
      label="Search and commands"
      shouldFilter={false}
      loop
      className="flex h-[70dvh] flex-col sm:h-auto sm:max-h-[min(34rem,76dvh)]"
    >
      <Cmdk.Input
        value={query}
        onValueChange={setQuery}
        placeholder="Search messages, models, commands…"
        className="h-11 w-full flex-none border-b border-line bg-transparent px-4 text-answer text-ink outline-none"
      />
      <Cmdk.List label="Found" className="min-h-0 flex-1 scroll-quiet overflow-y-auto pb-2">
        {isBlank && <Recent onOpen={openConversation} />}
        {search.hits.length > 0 && (
          <Cmdk.Group heading="Messages" className={GROUP}>
            {search.hits.map((hit) => (
              <Hit
                key={`${hit.conversation_id} ${hit.message_id ?? ""}`}
                hit={hit}
                onSelect={() => void openHit(hit)}
              />
            ))}
            {search.hasNextPage && (
              <Cmdk.Item value="more" className={`${ITEM} text-accent`} onSelect={() => void search.fetchNextPage()}>
                {search.isFetchingNextPage ? "Searching…" : "More messages"}
              </Cmdk.Item>
            )}
          </Cmdk.Group>
        )}
        <Models
          query={query}
          onOpen={(model) => {
            onClose();
            void navigate({ to: "/", search: { model } });
          }}
        />
        {(isBlank || findCommands(query).length > 0) && (
          <Cmdk.Group heading="Commands" className={GROUP}>
            {findCommands(query).map((command) => (
              <Cmdk.Item
                key={command.label}
                value={`command ${command.label}`}
                className={ITEM}
                onSelect={() => run(command)}
              >
                <span className="min-w-0 flex-1">{command.label}</span>
                {command.keys !== undefined && <Kbd keys={command.keys} />}
              </Cmdk.Item>
            ))}
          </Cmdk.Group>
        )}
      </Cmdk.List>
      <p
        role="status"
        className="m-0 flex-none px-4 text-control text-ink-2 not-empty:border-t not-empty:border-line not-empty:py-2"
      >
        {said}
      </p>
    </Cmdk>
  );
}
