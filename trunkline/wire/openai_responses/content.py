"""Content of messages and tool results: `input_text`, `input_image`, ..., `output_text`, `refusal`."""

from __future__ import annotations

from typing import Final, assert_never

from trunkline.ir.losses import Losses
from trunkline.ir.parts import CacheHint, Citation, Foreign, Media, Text
from trunkline.wire.codec import Members
from trunkline.wire.openai_responses import losses as reasons
from trunkline.wire.openai_responses.citations import client_annotation, own_annotation, read_citation
from trunkline.wire.openai_responses.media import read_media, write_media
from trunkline.wire.openai_responses.shape import (
    OWN,
    Spelled,
    an_object,
    form_of,
    is_object,
    leftovers,
    needed_text,
    or_none,
    restore,
    some_text,
    spelled,
)

CONTENT: Final = "content/"
"""`Foreign.kind` of unknown content begins so; that of an unknown item is its type alone."""
OF_ITEM: Final = "of item"
"""The entry of `Spelled.form` with the names of the members that the item has and not its first text (`phase`)."""
_HINT: Final = "prompt_cache_breakpoint"
_TEXT: Final = frozenset({"type", "text"})
_OUTPUT: Final = frozenset({"type", "text", "annotations"})
_REFUSAL: Final = frozenset({"type", "refusal"})
_QUIET: Final = frozenset({"logprobs"})
"""Log probabilities travel in `Choice.logprobs`; here is where they stood."""
_NO_HINT: Final = frozenset[str]()
_WITH_HINT: Final = frozenset({_HINT})


def read_content(value: object, path: str) -> Text | Media | Foreign:
    """One part of a client's message or tool result.

    Raises:
        BadShape: it does not have the format's shape.
    """
    part = an_object(value, path)
    kind = needed_text(part, "type", path)
    if kind not in {"input_text", "text", "output_text", "input_image", "input_file", "input_audio"}:
        return Foreign(format=OWN, kind=CONTENT + kind, data=part)
    cache = _read_hint(part)
    hint = _NO_HINT if cache is None else _WITH_HINT
    if kind in {"input_image", "input_file", "input_audio"}:
        media = read_media(part, path, hint)
        if cache is not None:
            media.cache, media.native = cache, _hinted(media.native)
        return media
    members, put = leftovers(part, _TEXT | hint)
    native = or_none(spelled(members, {} if kind == "input_text" else {"type": kind}, put))
    if cache is not None:
        native = _hinted(native)
    return Text(text=needed_text(part, "text", path), cache=cache, native=native)


def _read_hint(part: Members) -> CacheHint | None:
    """`{"mode": "explicit", "ttl": "30m"}` (models since gpt-5.6); another form stays a member of its own."""
    value = part.get(_HINT)
    if not is_object(value) or value.get("mode") != "explicit" or not value.keys() <= {"mode", "ttl"}:
        return None
    ttl = value.get("ttl")
    if "ttl" not in value:
        return CacheHint()
    return CacheHint(ttl) if isinstance(ttl, str) and ttl else None


def _hinted(native: object) -> Spelled:
    before = native if isinstance(native, Spelled) else Spelled(OWN, {})
    return Spelled(OWN, before.members, {**before.form, "hint": True})


def write_content(part: Text | Media | Foreign, path: str, losses: Losses) -> Members:
    """One part of a message of the user's side, or of a tool result.

    Raises:
        Untranslatable: the format cannot express it.
    """
    match part:
        case Text():
            kind = form_of(part.native, "type")
            out: Members = {"type": kind if isinstance(kind, str) else "input_text", "text": part.text}
            if part.citations:
                losses.add(f"{path}.citations", reasons.NO_CITATIONS)
        case Media():
            out = write_media(part, path, losses)
        case Foreign():
            return own_content(part, path, losses)
        case _:
            assert_never(part)
    report_hint(part, path, losses)
    if part.cache is not None and form_of(part.native, "hint"):
        out[_HINT] = {"mode": "explicit", "ttl": part.cache.ttl} if part.cache.ttl else {"mode": "explicit"}
    if part.opaque is not None:
        losses.add(path, reasons.NO_STATE)
    restore(out, part.native, losses, path)
    return out


def report_hint(part: Text | Media, path: str, losses: Losses) -> None:
    """Cache hints go where this format's client set them, nowhere else."""
    if part.cache is not None and not form_of(part.native, "hint"):
        losses.add(f"{path}.cache", reasons.NO_CACHE)


def own_content(part: Foreign, path: str, losses: Losses) -> Members:
    """Content that the representation does not know, as it came.

    Raises:
        Untranslatable: it is of another format.
    """
    if part.format is OWN and part.kind.startswith(CONTENT) and is_object(part.data):
        return part.data
    raise losses.refuse(path, reasons.FOREIGN)


def read_output(value: object) -> Text | Foreign:
    """One part of a message of the assistant; nothing is raised."""
    if not is_object(value):
        return Foreign(format=OWN, kind=CONTENT + type(value).__name__, data=value)
    kind, text = some_text(value.get("type")), value.get("text")
    if kind == "refusal" and isinstance(refusal := value.get("refusal"), str):
        members, put = leftovers(value, _REFUSAL)
        return Text(text=refusal, refusal=True, native=spelled(members, {}, put))
    if kind not in {"output_text", "input_text", "text"} or not isinstance(text, str):
        return Foreign(format=OWN, kind=CONTENT + (kind or "?"), data=value)
    form: Members = {} if kind == "output_text" else {"type": kind}
    notes = value.get("annotations")
    citations: list[Citation] = []
    if isinstance(notes, list):
        members, put = leftovers(value, _OUTPUT, _QUIET)
        citations = [read_citation(note) for note in notes]
    else:
        members, put = leftovers(value, _TEXT, _QUIET)
        form["bare"] = True
    return Text(text=text, citations=citations, native=spelled(members, form, put))


def write_output(part: Text, path: str, losses: Losses) -> Members:
    """One text of the assistant in a request's history; annotations of other formats stay behind."""
    if part.refusal:
        out: Members = {"type": "refusal", "refusal": part.text}
    else:
        kind = form_of(part.native, "type")
        out = {"type": kind if isinstance(kind, str) else "output_text", "text": part.text}
        if not form_of(part.native, "bare"):
            notes = [note for citation in part.citations for note in own_annotation(citation)]
            if len(notes) < len(part.citations):
                losses.add(f"{path}.citations", reasons.NO_CITATIONS)
            out["annotations"] = notes
    report_hint(part, path, losses)
    restore_content(out, part, path, losses)
    return out


def answer_output(part: Text, path: str, losses: Losses, logprobs: list[object]) -> Members:
    """One text of an answer to a client."""
    if part.refusal:
        out: Members = {"type": "refusal", "refusal": part.text}
    else:
        kind = form_of(part.native, "type")
        out = {"type": kind if isinstance(kind, str) else "output_text", "text": part.text}
        if not form_of(part.native, "bare"):
            out["annotations"] = client_annotations(part, path, losses)
        if not isinstance(part.native, Spelled):
            out["logprobs"] = logprobs
    restore_content(out, part, path, losses)
    return out


def client_annotations(part: Text, path: str, losses: Losses) -> list[object]:
    """The annotations of a text for a client."""
    size = len(part.text)
    return [
        note
        for place, citation in enumerate(part.citations)
        for note in client_annotation(citation, size, losses, f"{path}.citations[{place}]")
    ]


def restore_content(out: Members, part: Text, path: str, losses: Losses) -> None:
    """`restore` for a text that may also carry the members of its item."""
    native = part.native
    if isinstance(native, Spelled) and (names := of_item(native)):
        members = {name: value for name, value in native.members.items() if name not in names}
        native = Spelled(OWN, members, native.form)
    restore(out, native, losses, path)


def of_item(native: Spelled) -> list[object]:
    """Names of the members that belong to the item around a text, and not to the text."""
    names = native.form.get(OF_ITEM)
    return names if isinstance(names, list) else []
