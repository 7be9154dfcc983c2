"""Every recorded request, adapted to models of every format and written by the codec that would send it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from trunkline.ir.format import Format
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.request import Request
from trunkline.profiles.adapt import Adapter, Fetched, MustFetch, Policy
from trunkline.wire.codec import Named
from trunkline.wire.registry import codec

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
SURFACES = {
    "*.chat": Format.OPENAI_CHAT,
    "*.responses": Format.OPENAI_RESPONSES,
    "anthropic.messages": Format.ANTHROPIC_MESSAGES,
    "gemini.*generate_content": Format.GEMINI,
    "bedrock.converse*": Format.BEDROCK_CONVERSE,
    "cohere.chat": Format.COHERE_CHAT,
    "ollama.chat": Format.OLLAMA,
}
TARGETS = [
    ("anthropic", "claude-haiku-4-5", Format.ANTHROPIC_MESSAGES, ""),
    ("anthropic", "claude-opus-5-5", Format.ANTHROPIC_MESSAGES, ""),
    ("anthropic", "claude-3-7-sonnet-20250219", Format.ANTHROPIC_MESSAGES, ""),
    ("gemini", "gemini-2.5-flash", Format.GEMINI, ""),
    ("vertex_ai", "gemini-3-pro", Format.GEMINI, "vertex"),
    ("openai", "gpt-5.1", Format.OPENAI_RESPONSES, ""),
    ("openai", "o3", Format.OPENAI_CHAT, "openai"),
    ("deepseek", "deepseek-v4-pro", Format.OPENAI_CHAT, "deepseek"),
    ("zai", "glm-5.2", Format.OPENAI_CHAT, "openai"),
    ("mistral", "mistral-large-latest", Format.OPENAI_CHAT, "mistral"),
    ("bedrock", "us.anthropic.claude-opus-4-7-v1:0", Format.BEDROCK_CONVERSE, ""),
    ("bedrock", "us.amazon.nova-2-lite-v1:0", Format.BEDROCK_CONVERSE, ""),
    ("cohere", "command-a-reasoning-08-2025", Format.COHERE_CHAT, ""),
    ("ollama_chat", "gpt-oss", Format.OLLAMA, ""),
    ("replicate", "meta/llama-3", Format.REPLICATE, ""),
    ("custom_openai", "my-model", Format.OPENAI_CHAT, "openai"),
]


@cache
def recorded() -> tuple[tuple[str, Request], ...]:
    """Slug and request of every exchange that a client could have sent."""
    return tuple(_read())


def _read() -> Iterator[tuple[str, Request]]:
    for surface, own in SURFACES.items():
        for path in sorted(RECORDINGS.glob(f"*/{surface}/*.json")):
            asked = json.loads(path.read_text(encoding="utf-8")).get("request")
            if asked is None or not isinstance(asked.get("body"), dict):
                continue
            try:
                yield f"{surface}/{path.stem}", codec(own).decode_request(asked["body"], Named(model="m"))
            except BadShape:
                continue  # a surface of this name in another format


@pytest.mark.parametrize(("provider", "model", "own", "dialect"), TARGETS, ids=str)
def test_every_request_is_sent_or_refused_for_a_reason(provider: str, model: str, own: Format, dialect: str) -> None:
    """Nothing but the two refusals is raised, what they fetched is enough, and the client's request stays as it is."""
    if not recorded():
        pytest.skip("the recordings are not there: put them at `../shared/recordings`")
    adapter = Adapter(provider=provider, model=model, deployment="d", format=own, policy=Policy())
    sent = 0
    for slug, request in recorded():
        before, losses = repr(request), Losses()
        fetched: dict[str, Fetched] = {}
        try:
            try:
                adapter.adapt(request, Losses(), {})
            except MustFetch as needed:
                fetched = dict.fromkeys(needed.urls, Fetched("image/png", "AAAA"))
            adapted = adapter.adapt(request, losses, fetched)
            assert repr(request) == before, slug
            sent += bool(codec(own, dialect).encode_request(adapted, losses))
        except Untranslatable:
            continue
    assert sent > len(recorded()) // 4
