import { useEffect, useImperativeHandle, useRef } from "react";
import { useMedia } from "@trunkline/kit/media";
import { attachFiles, LONG_PASTE_BYTES, pastedFile } from "./attach";
import { readDraft, writeDraft } from "./drafts";

/** What others may do to the field. */
export interface FieldHandle {
  text: () => string;
  setText: (text: string) => void;
  focus: () => void;
}

interface ComposerFieldProps {
  ref: React.Ref<FieldHandle>;
  conversationId: string;
  placeholder: string;
  /** Enter sends; otherwise it needs ⌘ or Ctrl. */
  enterSends: boolean;
  /** Takes the focus when the conversation opens. */
  focusFirst: boolean;
  onSubmit: () => void;
  onInput: () => void;
  /** ↑ in the empty field. */
  onEditLast: () => void;
  onFirstFocus: () => void;
}

/** True for the Enter that ends a composition: Safari sends it after compositionend, with keyCode 229. */
const isComposing = (event: React.KeyboardEvent): boolean => event.nativeEvent.isComposing || event.keyCode === 229;

/** The field. Uncontrolled, and told nothing about the thread: a keystroke draws nothing but itself. */
export function ComposerField(props: ComposerFieldProps): React.JSX.Element {
  const { ref, conversationId, placeholder, enterSends, focusFirst, onSubmit, onInput, onEditLast, onFirstFocus } =
    props;
  const field = useRef<HTMLTextAreaElement>(null);
  const hasKeyboard = useMedia("(hover: hover)");

  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.value = readDraft(conversationId);
    grow(element);
    // A finger that opens a page has not asked for the keyboard.
    if (focusFirst && hasKeyboard) element.focus({ preventScroll: true });
  }, [conversationId, focusFirst, hasKeyboard]);

  useImperativeHandle(ref, () => ({
    text: () => field.current?.value ?? "",
    setText: (text) => {
      if (!field.current) return;
      field.current.value = text;
      writeDraft(conversationId, text);
      grow(field.current);
    },
    focus: () => field.current?.focus(),
  }));

  const keyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>): void => {
    if (isComposing(event)) return;
    const isSend = enterSends && hasKeyboard ? !event.shiftKey : event.metaKey || event.ctrlKey;
    if (event.key === "Enter" && isSend) {
      event.preventDefault();
      onSubmit();
    } else if (event.key === "ArrowUp" && event.currentTarget.value === "") {
      event.preventDefault();
      onEditLast();
    }
  };

  const paste = (event: React.ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (files.length > 0) {
      event.preventDefault();
      attachFiles(conversationId, files);
    } else if (text.length > LONG_PASTE_BYTES) {
      event.preventDefault();
      attachFiles(conversationId, [pastedFile(text)]);
    }
  };

  return (
    <textarea
      ref={field}
      rows={1}
      aria-label="Message"
      placeholder={placeholder}
      enterKeyHint={enterSends && hasKeyboard ? "send" : "enter"}
      dir="auto"
      className="block field-sizing-content max-h-[40dvh] min-h-7 w-full resize-none scroll-quiet bg-transparent px-3 pt-2.5 text-answer text-ink outline-none"
      onFocus={onFirstFocus}
      onPaste={paste}
      onKeyDown={keyDown}
      onInput={(event) => {
        writeDraft(conversationId, event.currentTarget.value);
        grow(event.currentTarget);
        onInput();
      }}
    />
  );
}

const SIZES_ITSELF = CSS.supports("field-sizing", "content");

/** As tall as its text, where the browser does not do that by itself. */
function grow(element: HTMLTextAreaElement): void {
  if (SIZES_ITSELF) return;
  element.style.height = "auto";
  element.style.height = `${element.scrollHeight}px`;
}
