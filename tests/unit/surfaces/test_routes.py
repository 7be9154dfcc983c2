"""Paths: exactly the spellings that clients write, and no rewritten ones."""

from __future__ import annotations

import json

import pytest

from tests.unit.pipeline.parts import deployment, snapshot
from trunkline.config.snapshot import Alias, RouterSettings
from trunkline.pipeline.surface import Surface
from trunkline.routing.plan import Routes
from trunkline.surfaces import models, operations, routes
from trunkline.telemetry.stats import Stats

TAILS = {
    "chat/completions": operations.CHAT, "completions": operations.COMPLETIONS, "embeddings": operations.EMBEDDINGS,
    "responses": operations.RESPONSES, "moderations": operations.MODERATIONS, "images/edits": operations.IMAGE_EDITS,
    "audio/speech": operations.SPEECH, "responses/input_tokens": operations.INPUT_TOKENS,
}  # fmt: skip


@pytest.mark.parametrize("tail", TAILS)
def test_every_form_of_a_path(tail: str) -> None:
    """With and without `/v1`, and Azure's v1 form."""
    for prefix in ("/v1/", "/", "/openai/v1/"):
        assert routes.match(f"{prefix}{tail}".encode()) == (TAILS[tail], None)


@pytest.mark.parametrize("tail", ["chat/completions", "completions", "embeddings"])
def test_paths_that_name_the_model(tail: str) -> None:
    """Azure's deployments and the old engines."""
    for head in ("/openai/deployments", "/engines", "/v1/engines"):
        assert routes.match(f"{head}/gpt-4o/{tail}".encode()) == (TAILS[tail], "gpt-4o")
        assert routes.match(f"{head}/a%2Fb%20c/{tail}".encode()) == (TAILS[tail], "a/b c")


@pytest.mark.parametrize(
    "head",
    ["/v1beta/models", "/v1/models", "/v1alpha/models", "/models", "/v1/projects/p-1/locations/eu/publishers/google/models",
     "/v1beta1/projects/p-1/locations/global/publishers/google/models", "/v1/publishers/google/models"],
)  # fmt: skip
def test_paths_that_name_model_and_method(head: str) -> None:
    """Google's way, under each version and none, and Vertex's: names may hold slashes; `alt=sse` chooses the framing."""
    for model in ("gemini-2.5-pro", "gemini/gemini-2.5-pro", "a%2Fb"):
        named = model.replace("%2F", "/")
        assert routes.match(f"{head}/{model}:generateContent".encode()) == (operations.GENERATE, named)
        assert routes.match(f"{head}/{model}:countTokens".encode()) == (operations.GENERATE_COUNT, named)
        assert routes.match(f"{head}/{model}:embedContent".encode()) == (operations.EMBED_CONTENT, named)
        path = f"{head}/{model}:streamGenerateContent".encode()
        assert routes.match(path, b"key=x&alt=sse") == (operations.GENERATE_STREAM, named)
        assert routes.match(path, b"alt=sses") == (operations.GENERATE_ARRAY, named)


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/v1/messages", operations.MESSAGES), ("/v1/messages/count_tokens", operations.COUNT_TOKENS),
        ("/rerank", operations.RERANK), ("/v1/rerank", operations.RERANK), ("/v2/rerank", operations.COHERE_RERANK),
        ("/v2/chat", operations.COHERE_CHAT), ("/cursor/chat/completions", operations.CHAT),
    ],
)  # fmt: skip
def test_paths_with_one_spelling(path: str, surface: Surface) -> None:
    """Other makers' paths, and LiteLLM's for Cursor."""
    assert routes.match(path.encode()) == (surface, None)


@pytest.mark.parametrize(
    "path",
    [
        b"", b"/", b"/v1", b"/v1/", b"//v1/chat/completions", b"/v1//chat/completions", b"/v1/./chat/completions",
        b"/v1/x/../chat/completions", b"/v1/chat/completions/", b"/v1/chat%2Fcompletions", b"/V1/chat/completions",
        b"/v1/chat/completions;x", b"/v1/chat/completions\n", b"/v2/chat/completions", b"/v1/messages/", b"/messages",
        b"/openai/deployments//embeddings", b"/v1beta/models/:generateContent", b"/v1beta/models/m:predict",
        b"/v1beta/models/m:generateContent/", b"/v1beta/models/m\xff:generateContent", b"/v1beta/modelsm:generateContent",
        b"/v1/projects/p/locations/l/models/m:generateContent", b"/v1beta/models/m%ff:generateContent",
        b"/openai/deployments/a/b/chat/completions", b"/engines/a/completions/x", b"/engines/a/completions\n",
        b"/engines/a/images", b"/v1/chat/completions\0", b"/\xff",
    ],
)  # fmt: skip
def test_other_spellings_are_other_paths(path: bytes) -> None:
    """Nothing is decided from a path that would have to be rewritten first (CVE-2026-49468)."""
    assert routes.match(path) is None


def test_every_form_is_documented() -> None:
    """`paths` lists what `match` takes, each once; no two surfaces share a route."""
    listed = routes.paths()
    assert len(listed) == len(set(listed))
    values = {"{model}": "m", "{project}": "p", "{location}": "l", "{publisher}": "g"}
    for path in listed:
        for name, value in values.items():
            path = path.replace(name, value)  # noqa: PLW2901 - filled in step by step
        assert routes.match(path.encode()) is not None, path
    surfaces = {surface for _, surface in operations.SPELLINGS} | {operations.GENERATE_STREAM}
    assert len({surface.route for surface in surfaces}) == len(surfaces)


def test_the_list_of_models() -> None:
    """OpenAI's shape with LiteLLM's constant; names that cannot be called and hidden aliases are left out."""
    shown = Routes(
        snapshot(
            deployment("a", model_info={"mode": "chat", "max_input_tokens": 9}), deployment("b/*", "*"),
            deployment("gone", target=None, unavailable="no key"),
            router=RouterSettings(aliases={"x": Alias(target="a"), "y": Alias(target="a", hidden=True)}),
        ),
        Stats(),
    )  # fmt: skip
    listing = json.loads(models.listing(shown))
    assert listing["object"] == "list"
    assert [row["id"] for row in listing["data"]] == ["a", "x", "b/*"]
    assert listing["data"][0] == {
        "id": "a", "object": "model", "created": 1677610602, "owned_by": "acme", "mode": "chat", "max_input_tokens": 9,
    }  # fmt: skip
    for name in ("a", "x", "y", "b/anything", "b/*"):
        status, body = models.one(shown, name)
        assert (status, json.loads(body)["id"]) == (200, name)
    for name in ("gone", "nothing"):
        status, body = models.one(shown, name)
        assert (status, json.loads(body)["error"]["code"]) == (404, "model_not_found")


def test_limits_in_the_list_of_models() -> None:
    """A known model has its limits there, the config's own first; a wildcard and an unknown model have none."""
    shown = Routes(
        snapshot(
            deployment("known", "gpt-4o"), deployment("written", "gpt-4o", model_info={"max_input_tokens": 9}),
            deployment("gpt-*", "gpt-4o-*"), deployment("other", "acme-1"),
        ),
        Stats(),
    )  # fmt: skip
    rows = {row["id"]: row for row in json.loads(models.listing(shown))["data"]}
    limits = {name: (row.get("max_input_tokens"), row.get("max_output_tokens")) for name, row in rows.items()}
    assert limits == {
        "known": (128_000, 16_384), "written": (9, 16_384), "gpt-*": (None, None), "other": (None, None),
    }  # fmt: skip
