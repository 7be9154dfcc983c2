"""`logprobsResult` and the representation's (OpenAI's) `{"content": [...]}`."""

from __future__ import annotations

from trunkline.wire.codec import Members
from trunkline.wire.gemini.form import is_list, is_number, is_object


def decode_logprobs(raw: object) -> Members | None:
    """Chosen tokens with their alternatives; `None` where there are none."""
    if not is_object(raw) or not is_list(chosen := raw.get("chosenCandidates")):
        return None
    tops = raw.get("topCandidates")
    content: list[object] = []
    for place, token in enumerate(chosen):
        entry = _entry(token)
        if entry is None:
            continue
        others = tops[place] if is_list(tops) and place < len(tops) else None
        listed = others.get("candidates") if is_object(others) else None
        entry["top_logprobs"] = [found for other in listed if (found := _entry(other))] if is_list(listed) else []
        content.append(entry)
    return {"content": content} if content else None


def _entry(token: object) -> Members | None:
    if not is_object(token):
        return None
    word, value = token.get("token"), token.get("logProbability")
    if not isinstance(word, str) or not is_number(value):
        return None
    return {"token": word, "logprob": value, "bytes": list(word.encode("utf-8", "replace"))}


def encode_logprobs(logprobs: object) -> Members | None:
    """`logprobsResult`; `None` where there is nothing to say."""
    content = logprobs.get("content") if is_object(logprobs) else None
    if not is_list(content):
        return None
    chosen: list[object] = []
    tops: list[object] = []
    for entry in content:
        if (token := _candidate(entry)) is not None and is_object(entry):
            chosen.append(token)
            others = entry.get("top_logprobs")
            listed = [found for other in others if (found := _candidate(other))] if is_list(others) else []
            tops.append({"candidates": listed or [token]})
    return {"chosenCandidates": chosen, "topCandidates": tops} if chosen else None


def _candidate(entry: object) -> Members | None:
    if not is_object(entry) or not isinstance(entry.get("token"), str):
        return None
    return {"token": entry["token"], "logProbability": entry.get("logprob")}
