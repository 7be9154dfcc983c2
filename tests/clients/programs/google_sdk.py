"""`google-genai` with either base path, and as a Vertex client: plain, streamed, a tool's round trip."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

base, key, model = sys.argv[1:4]
declaration = types.FunctionDeclaration(
    name="get_weather",
    parameters=types.Schema(
        type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"]
    ),
)
tools: Any = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declaration])])


def run(name: str, client: genai.Client) -> None:
    """All three, and what came of them."""
    plain = client.models.generate_content(model=model, contents="Which sea is it?")
    pieces = list(client.models.generate_content_stream(model=model, contents="Which sea is it?"))
    first = client.models.generate_content(model=model, contents="Which sea is it?", config=tools)
    calls = first.function_calls or []
    results = [
        types.Part(function_response=types.FunctionResponse(id=one.id, name=one.name, response={"output": "5 degrees"}))
        for one in calls
    ]
    assert first.candidates
    contents: Any = [
        types.Content(role="user", parts=[types.Part(text="Which sea is it?")]), first.candidates[0].content,
        types.Content(role="user", parts=results),
    ]  # fmt: skip
    second = client.models.generate_content(model=model, contents=contents, config=tools)
    usages = [one.usage_metadata.total_token_count if one.usage_metadata else 0 for one in (plain, pieces[-1])]
    print(json.dumps({
        "as": f"google-genai {name}", "plain": plain.text, "stream": "".join(one.text or "" for one in pieces),
        "tool": [one.args for one in calls], "after": second.text, "usage": usages,
    }))  # fmt: skip


run("default path", genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base)))
run("v1beta", genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base, api_version="v1beta")))
run(
    "Vertex",
    genai.Client(
        vertexai=True, project="a-project", location="europe-west1", credentials=Credentials(token=key),
        http_options=types.HttpOptions(base_url=base),
    ),
)  # fmt: skip
