"""Hosts and paths against recorded traffic: what other people's clients called is what a deployment calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest

from tests.unit.providers.test_registry import reached
from trunkline.ir import Endpoint
from trunkline.pipeline.heads import in_path

RECORDINGS: Final = Path(__file__).parents[3].parent / "shared" / "recordings"
LOGIN: Final = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
Params = dict[str, object]


def of_body(prefix: str, **more: object) -> Callable[[str, str, Any], Params]:
    """The model as the body names it."""
    return lambda host, path, body: {"model": f"{prefix}/{body['model']}", "api_key": "k", **more}


def gemini(host: str, path: str, body: Any) -> Params:
    del host, body
    return {"model": "gemini/" + re.split(r"models/|:", path)[1], "api_key": "k"}


def vertex(host: str, path: str, body: Any) -> Params:
    del host, body
    found = re.search(r"projects/([^/]+)/locations/([^/]+)/publishers/\w+/models/([^:]+):", path)
    assert found is not None
    beta = "_beta" if "/v1beta1/" in path else ""
    return {
        "model": f"vertex_ai{beta}/{found[3]}", "vertex_project": found[1], "vertex_location": found[2],
        "vertex_credentials": LOGIN,
    }  # fmt: skip


def bedrock(host: str, path: str, body: Any) -> Params:
    del body
    model = unquote(path.split("/")[2])
    return {"model": f"bedrock/{model}", "api_key": "k", "aws_region_name": host.split(".")[1]}


def mantle(host: str, path: str, body: Any) -> Params:
    del path
    return {"model": f"bedrock_mantle/{body['model']}", "api_key": "k", "aws_region_name": host.split(".")[1]}


def azure(host: str, path: str, body: Any) -> Params:
    found = re.search(r"/deployments/([^/]+)/", path)
    if found is None:
        return {"model": f"azure/{body['model']}", "api_key": "k", "api_base": f"https://{host}", "api_version": "v1"}
    return {"model": f"azure/{found[1]}", "api_key": "k", "api_base": f"https://{host}"}


def replicate(host: str, path: str, body: Any) -> Params:
    del host
    found = re.search(r"/models/(.+)/predictions", path)
    return {"model": f"replicate/{found[1] if found else body['version']}", "api_key": "k"}


PLACES: Final[Mapping[str, tuple[Callable[[str, str, Any], Params], Endpoint]]] = {
    "anthropic.messages": (of_body("anthropic"), Endpoint.MESSAGES),
    "anthropic.count_tokens": (of_body("anthropic"), Endpoint.COUNT_TOKENS),
    "gemini.generate_content": (gemini, Endpoint.GENERATE),
    "gemini.stream_generate_content": (gemini, Endpoint.GENERATE),
    "gemini.count_tokens": (gemini, Endpoint.GEMINI_COUNT),
    "gemini.batch_embed_contents": (gemini, Endpoint.GEMINI_BATCH_EMBED),
    "vertex.generate_content": (vertex, Endpoint.GENERATE),
    "vertex.stream_generate_content": (vertex, Endpoint.GENERATE),
    "vertex.count_tokens": (vertex, Endpoint.GEMINI_COUNT),
    "vertex.anthropic_raw_predict": (vertex, Endpoint.MESSAGES),
    "vertex.anthropic_stream_raw_predict": (vertex, Endpoint.MESSAGES),
    "bedrock.converse": (bedrock, Endpoint.CONVERSE),
    "bedrock.converse_stream": (bedrock, Endpoint.CONVERSE),
    "bedrock.mantle_chat": (mantle, Endpoint.CHAT),
    "bedrock.mantle_responses": (mantle, Endpoint.RESPONSES),
    "azure.chat": (azure, Endpoint.CHAT),
    "azure.completions": (azure, Endpoint.COMPLETIONS),
    "azure.embeddings": (azure, Endpoint.EMBEDDINGS),
    "azure.responses": (azure, Endpoint.RESPONSES),
    "cohere.chat": (of_body("cohere"), Endpoint.COHERE_CHAT),
    "cohere.embed": (of_body("cohere"), Endpoint.COHERE_EMBED),
    "cohere.rerank": (of_body("cohere"), Endpoint.RERANK),
    "replicate.predictions": (replicate, Endpoint.PREDICTIONS),
    "ollama.api_chat": (of_body("ollama"), Endpoint.OLLAMA_CHAT),
    "deepseek.chat": (of_body("deepseek"), Endpoint.CHAT),
    "deepseek.responses": (of_body("deepseek"), Endpoint.RESPONSES),
    "groq.chat": (of_body("groq"), Endpoint.CHAT),
    "mistral.chat": (of_body("mistral"), Endpoint.CHAT),
    "mistral.embeddings": (of_body("mistral"), Endpoint.EMBEDDINGS),
    "openrouter.chat": (of_body("openrouter"), Endpoint.CHAT),
    "openrouter.embeddings": (of_body("openrouter"), Endpoint.EMBEDDINGS),
    "openrouter.responses": (of_body("openrouter"), Endpoint.RESPONSES),
    "snowflake.chat": (of_body("snowflake", account_id="myorg-myaccount"), Endpoint.CHAT),
    "xai.chat": (of_body("xai"), Endpoint.CHAT),
    "xai.responses": (of_body("xai"), Endpoint.RESPONSES),
    "cerebras.chat": (of_body("cerebras"), Endpoint.CHAT),
    "crusoe.chat": (of_body("crusoe"), Endpoint.CHAT),
    "heroku.chat": (of_body("heroku"), Endpoint.CHAT),
    "vercel_gateway.chat": (of_body("vercel_ai_gateway"), Endpoint.CHAT),
}
"""Folder of recordings -> an entry that would have made such a call, and the operation."""
OTHERWISE: Final = frozenset({"/api/coding/paas/v4", "api.together.xyz", "ollama.local", "/hyperbolic/", "/together/"})
"""Places that an `api_base` names, or that are gone."""


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not there: paths were not compared")
@pytest.mark.parametrize("surface", PLACES)
def test_places_are_those_that_were_recorded(surface: str) -> None:
    """Host and path of every recorded request of a surface are the target's, the model put in its place."""
    make, endpoint = PLACES[surface]
    compared = 0
    for path in sorted(RECORDINGS.glob(f"*/{surface}/*.json")):
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        request = record["request"]
        if request is None or record["source"]["kind"] != "recorded" or request["method"] != "POST":
            continue
        place, called, body = request["host"], request["path"], request["body"]
        if "<" in place + called or any(one in place + called for one in OTHERWISE):
            continue  # a variable was left in, or the operator named the address
        query = request.get("query") or {}
        params = make(place, called, body)
        if "api-version" in query:
            params["api_version"] = query["api-version"]
        resolved, target = reached(params)
        expected = target.paths[endpoint]
        if "tream" in called:
            expected = target.stream_paths.get(endpoint, expected)
        host = target.host if place.partition(":")[0] != "127.0.0.1" else "127.0.0.1"
        assert host == place.partition(":")[0], path.name
        # Clients differ in whether they encode a colon.
        assert unquote(in_path(expected, resolved.model).partition("?")[0]) == unquote(called), path.name
        if "api-version" in query:
            assert expected.endswith(f"?api-version={query['api-version']}")
        compared += 1
    assert compared, "no recording was compared"
