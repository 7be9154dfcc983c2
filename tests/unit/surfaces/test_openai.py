"""OpenAI's paths: exactly the spellings that clients write, and no rewritten ones."""

from __future__ import annotations

import json

import pytest

from tests.unit.pipeline.parts import deployment, snapshot
from trunkline.config.snapshot import Alias, RouterSettings
from trunkline.routing.plan import Routes
from trunkline.surfaces import models, openai
from trunkline.telemetry.stats import Stats

TAILS = {"chat/completions": openai.CHAT, "completions": openai.COMPLETIONS, "embeddings": openai.EMBEDDINGS}


@pytest.mark.parametrize("tail", TAILS)
def test_every_form_of_a_path(tail: str) -> None:
    """With and without `/v1`, Azure's v1 form, Azure's deployments and the old engines; the latter name the model."""
    for prefix in ("/v1/", "/", "/openai/v1/"):
        assert openai.match(f"{prefix}{tail}".encode()) == (TAILS[tail], None)
    for head in ("/openai/deployments", "/engines", "/v1/engines"):
        assert openai.match(f"{head}/gpt-4o/{tail}".encode()) == (TAILS[tail], "gpt-4o")
        assert openai.match(f"{head}/a%2Fb%20c/{tail}".encode()) == (TAILS[tail], "a/b c")


def test_cursor_writes_its_own() -> None:
    """LiteLLM's `/cursor/chat/completions`."""
    assert openai.match(b"/cursor/chat/completions") == (openai.CHAT, None)


@pytest.mark.parametrize(
    "path",
    [
        b"", b"/", b"/v1", b"/v1/", b"//v1/chat/completions", b"/v1//chat/completions", b"/v1/./chat/completions",
        b"/v1/x/../chat/completions", b"/v1/chat/completions/", b"/v1/chat%2Fcompletions", b"/V1/chat/completions",
        b"/v1/chat/completions;x", b"/v1/chat/completions\n", b"/v2/chat/completions",
        b"/openai/deployments//embeddings",
        b"/openai/deployments/a/b/chat/completions", b"/engines/a/completions/x", b"/engines/a/completions\n", b"/engines/a/images", b"/v1/chat/completions\0", b"/\xff",
    ],
)  # fmt: skip
def test_other_spellings_are_other_paths(path: bytes) -> None:
    """Nothing is decided from a path that would have to be rewritten first (CVE-2026-49468)."""
    assert openai.match(path) is None


def test_every_form_is_documented() -> None:
    """`paths` lists what `match` takes."""
    listed = openai.paths()
    assert len(listed) == len(set(listed)) == 19
    assert all(openai.match(path.replace("{model}", "m").encode()) for path in listed)


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
