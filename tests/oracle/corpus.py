"""The requests: client formats times providers' formats times features, made from tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

CHAT: Final = "/v1/chat/completions"
TEXTS: Final = "/v1/completions"
MESSAGES: Final = "/v1/messages"
RESPONSES: Final = "/v1/responses"
EMBEDDINGS: Final = "/v1/embeddings"
PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF: Final = "JVBERi0xLjQKJSVFT0YK"

CONVERSING: Final = ("openai", "host", "anthropic", "gemini", "cohere")
"""Model groups of the config, one a provider's format: `host` has chat completions only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request."""

    surface: str
    upstream: str
    feature: str
    path: str
    body: Any
    """Bytes are sent as they are, anything else as JSON."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    key: bool = True

    @property
    def name(self) -> str:
        """For people and for the table of expected differences."""
        return f"{self.surface}/{self.upstream}/{self.feature}"


WEATHER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
OTHER: Final[dict[str, Any]] = {"type": "object", "properties": {"zone": {"type": "string"}}}
ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
STATUSES: Final = (400, 401, 403, 404, 408, 422, 429, 500, 503, 529)


def user(text: Any) -> dict[str, Any]:
    """One turn of the user's."""
    return {"role": "user", "content": text}


def _chat_tools() -> dict[str, Any]:
    return {
        "tools": [
            {"type": "function",
             "function": {"name": "get_weather", "description": "The weather", "parameters": WEATHER}},
            {"type": "function", "function": {"name": "get_time", "parameters": OTHER}},
        ]
    }  # fmt: skip


def _chat_calls(*ids: str) -> dict[str, Any]:
    calls = [
        {"id": one, "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
        for one in ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _says(order: str, **more: Any) -> dict[str, Any]:
    return {"messages": [user(f"Which sea is it? @@{order}@@")], **more}


def _chat_answers() -> dict[str, dict[str, Any]]:
    """What differs by what is answered, and streams."""
    hello: dict[str, Any] = {"messages": [user("Which sea is it?")]}
    tools = {**hello, **_chat_tools()}
    return {
        "effort-low": {**hello, "reasoning_effort": "low"},
        "effort-high": _says("think", reasoning_effort="high"),
        "think": _says("think"),
        "cached": _says("cached"),
        "length": _says("length"),
        "filter": _says("filter"),
        "cache-control": {"messages": [
            {"role": "system", "content": [{"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}]},
            user([{"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral"}}])]},
        "stream": {**hello, "stream": True},
        "stream-usage": {**hello, "stream": True, "stream_options": {"include_usage": True}},
        "stream-tools": {**tools, "stream": True},
        "stream-tools-two": {**_chat_tools(), **_says("two"), "stream": True},
        "stream-think": _says("think", stream=True),
        "stream-length": _says("length", stream=True),
        "stream-fail": _says("fail", stream=True),
        "stream-cut": _says("cut", stream=True),
    }  # fmt: skip


def _chat_features() -> dict[str, dict[str, Any]]:
    hello: dict[str, Any] = {"messages": [user("Which sea is it?")]}
    tools = {**hello, **_chat_tools()}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "5 degrees"}
    second = {"role": "tool", "tool_call_id": "call_2", "content": "7 degrees"}
    schema = {"type": "json_schema", "json_schema": {"name": "place", "schema": ANSWER, "strict": True}}

    return {
        "plain": hello,
        "system": {"messages": [{"role": "system", "content": "Be short."}, user("Hello")]},
        "developer": {"messages": [{"role": "developer", "content": "Be short."}, user("Hello")]},
        "turns": {"messages": [user("One"), {"role": "assistant", "content": "Two"}, user("Three")]},
        "parts": {"messages": [user([{"type": "text", "text": "One"}, {"type": "text", "text": "two"}])]},
        "two-users": {"messages": [user("One"), user("two")]},
        "prefill": {"messages": [user("One"), {"role": "assistant", "content": "Tw"}]},
        "unicode": {"messages": [user("é中😀 \u2028 \x7f")]},
        "sampling": {**hello, "temperature": 0.5, "top_p": 0.9},
        "penalties": {**hello, "presence_penalty": 0.5, "frequency_penalty": 0.25},
        "stop-text": {**hello, "stop": "END"},
        "stop-list": {**hello, "stop": ["END", "FIN"]},
        "stop-hit": _says("matched", stop=["END"]),
        "n": {**hello, "n": 2},
        "seed": {**hello, "seed": 7},
        "logprobs": {**hello, "logprobs": True, "top_logprobs": 2},
        "logit-bias": {**hello, "logit_bias": {"50256": -100}},
        "max-tokens": {**hello, "max_tokens": 50},
        "max-completion-tokens": {**hello, "max_completion_tokens": 50},
        "user": {**hello, "user": "somebody"},
        "metadata": {**hello, "metadata": {"topic": "sea"}},
        "unknown": {**hello, "made_up_by_nobody": {"a": 1}},
        "service-tier": {**hello, "service_tier": "auto"},
        "tools": tools,
        "tools-both": {**_chat_tools(), **_says("both")},
        "tools-two": {**_chat_tools(), **_says("two")},
        "tools-single": {**tools, "parallel_tool_calls": False},
        "choice-auto": {**tools, "tool_choice": "auto"},
        "choice-none": {**tools, "tool_choice": "none"},
        "choice-required": {**tools, "tool_choice": "required"},
        "choice-named": {**tools, "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        "strict": {**hello, "tools": [{"type": "function", "function": {
            "name": "get_weather", "parameters": ANSWER, "strict": True}}]},
        "result": {**_chat_tools(), "messages": [user("Weather?"), _chat_calls("call_1"), result]},
        "results": {**_chat_tools(), "messages": [user("Weather?"), _chat_calls("call_1", "call_2"), result, second]},
        "result-then-user": {**_chat_tools(), "messages": [user("Hm"), _chat_calls("call_1"), result, user("So?")]},
        "image": {"messages": [user([{"type": "text", "text": "What?"}, image])]},
        "pdf": {"messages": [user([{"type": "text", "text": "What?"}, {"type": "file", "file": {
            "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}])]},
        "json-object": _says("json", response_format={"type": "json_object"}),
        "json-schema": _says("json", response_format=schema),
        **_chat_answers(),
    }  # fmt: skip


def _messages_features() -> dict[str, dict[str, Any]]:
    base: dict[str, Any] = {"max_tokens": 64, "messages": [user("Which sea is it?")]}
    tool = {"name": "get_weather", "description": "The weather", "input_schema": WEATHER}
    tools = {**base, "tools": [tool]}
    used = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}
    used_too = {**used, "id": "toolu_2"}
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "5 degrees"}
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}

    def says(order: str, **more: Any) -> dict[str, Any]:
        return {"max_tokens": 64, "messages": [user(f"Which sea is it? @@{order}@@")], **more}

    def turns(*results: dict[str, Any], calls: list[dict[str, Any]]) -> dict[str, Any]:
        return {**tools, "messages": [user("Weather?"), {"role": "assistant", "content": calls}, user(list(results))]}

    return {
        "plain": base,
        "system": {**base, "system": "Be short."},
        "system-blocks": {**base, "system": [{"type": "text", "text": "Be", "cache_control": {"type": "ephemeral"}}]},
        "turns": {**base, "messages": [user("One"), {"role": "assistant", "content": "Two"}, user("Three")]},
        "blocks": {**base, "messages": [user([{"type": "text", "text": "One"}, {"type": "text", "text": "two"}])]},
        "sampling": {**base, "temperature": 0.5, "top_p": 0.9, "top_k": 5},
        "stop": {**base, "stop_sequences": ["END"]},
        "stop-hit": says("matched", stop_sequences=["END"]),
        "metadata": {**base, "metadata": {"user_id": "somebody"}},
        "tools": tools,
        "tools-two": says("two", tools=[tool]),
        "tool-web-search": {**base, "tools": [tool, {"type": "web_search_20250305", "name": "web_search"}]},
        "choice-any": {**tools, "tool_choice": {"type": "any"}},
        "choice-none": {**tools, "tool_choice": {"type": "none"}},
        "choice-named": {**tools, "tool_choice": {"type": "tool", "name": "get_weather"}},
        "tools-single": {**tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        "result": turns(result, calls=[used]),
        "results": turns(result, {**result, "tool_use_id": "toolu_2"}, calls=[used, used_too]),
        "result-error": turns({**result, "is_error": True}, calls=[used]),
        "image": {**base, "messages": [user([{"type": "text", "text": "What?"}, picture])]},
        "thinking": says("think", thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2048),
        "cached": says("cached"),
        "length": says("length"),
        "stream": {**base, "stream": True},
        "stream-tools": {**tools, "stream": True},
        "stream-think": says("think", stream=True),
        "stream-length": says("length", stream=True),
        "stream-fail": says("fail", stream=True),
        "stream-cut": says("cut", stream=True),
    }


def _responses_features() -> dict[str, dict[str, Any]]:
    base: dict[str, Any] = {"input": "Which sea is it?"}
    tool = {
        "type": "function",
        "name": "get_weather",
        "description": "The weather",
        "parameters": WEATHER,
        "strict": False,
    }
    tools = {**base, "tools": [tool]}
    call = {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}'}
    output = {"type": "function_call_output", "call_id": "call_1", "output": "5 degrees"}
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    schema = {"type": "json_schema", "name": "place", "schema": ANSWER, "strict": True}

    def says(order: str, **more: Any) -> dict[str, Any]:
        return {"input": f"Which sea is it? @@{order}@@", **more}

    return {
        "plain": base,
        "items": {"input": [user("One"), {"role": "assistant", "content": "Two"}, user("Three")]},
        "instructions": {**base, "instructions": "Be short."},
        "system": {"input": [{"role": "system", "content": "Be short."}, user("Hello")]},
        "max-output-tokens": {**base, "max_output_tokens": 50},
        "sampling": {**base, "temperature": 0.5, "top_p": 0.9},
        "metadata": {**base, "metadata": {"topic": "sea"}},
        "tools": tools,
        "tool-namespace": {**base, "tools": [tool, {"type": "namespace", "name": "agents", "description": "Others",
                                                    "tools": [{**tool, "name": "ask_agent"}]}]},
        "tool-web-search": {**base, "tools": [tool, {"type": "web_search"}]},
        "tool-custom": {**base, "tools": [tool, {"type": "custom", "name": "apply_patch", "description": "A patch"}]},
        "choice-required": {**tools, "tool_choice": "required"},
        "choice-named": {**tools, "tool_choice": {"type": "function", "name": "get_weather"}},
        "result": {**tools, "input": [user("Weather?"), call, output]},
        "results": {**tools, "input": [user("Weather?"), call, {**call, "call_id": "call_2"}, output,
                                       {**output, "call_id": "call_2"}]},
        "image": {"input": [user([{"type": "input_text", "text": "What?"}, picture])]},
        "json-schema": says("json", text={"format": schema}),
        "effort": says("think", reasoning={"effort": "low"}),
        "cached": says("cached"),
        "length": says("length"),
        "stream": {**base, "stream": True},
        "stream-tools": {**tools, "stream": True},
        "stream-think": says("think", stream=True),
        "stream-fail": says("fail", stream=True),
        "stream-cut": says("cut", stream=True),
    }  # fmt: skip


def _gemini_features() -> dict[str, dict[str, Any]]:
    def turn(*parts: dict[str, Any], role: str = "user") -> dict[str, Any]:
        return {"role": role, "parts": list(parts)}

    base: dict[str, Any] = {"contents": [turn({"text": "Which sea is it?"})]}
    parameters = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}
    tools = {**base, "tools": [{"functionDeclarations": [
        {"name": "get_weather", "description": "The weather", "parameters": parameters}]}]}  # fmt: skip

    def says(order: str, **more: Any) -> dict[str, Any]:
        return {"contents": [turn({"text": f"Which sea is it? @@{order}@@"})], **more}

    return {
        "plain": base,
        "system": {**base, "systemInstruction": {"parts": [{"text": "Be short."}]}},
        "turns": {"contents": [turn({"text": "One"}), turn({"text": "Two"}, role="model"), turn({"text": "Three"})]},
        "config": {**base, "generationConfig": {"temperature": 0.5, "topP": 0.9, "maxOutputTokens": 50,
                                                "stopSequences": ["END"]}},
        "tools": tools,
        "mode-any": {**tools, "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        "result": {**tools, "contents": [
            turn({"text": "Weather?"}), turn({"functionCall": {"name": "get_weather", "args": {"city": "Oslo"}}}, role="model"),
            turn({"functionResponse": {"name": "get_weather", "response": {"result": "5 degrees"}}})]},
        "image": {"contents": [turn({"text": "What?"}, {"inlineData": {"mimeType": "image/png", "data": PNG}})]},
        "json": says("json", generationConfig={"responseMimeType": "application/json"}),
        "length": says("length"),
        "cached": says("cached"),
    }  # fmt: skip


_TEXT_FEATURES: Final[dict[str, dict[str, Any]]] = {
    "plain": {"prompt": "The sea is"},
    "list": {"prompt": ["The sea is"]},
    "limits": {"prompt": "The sea is", "max_tokens": 20, "temperature": 0.5, "stop": ["."]},
    "user": {"prompt": "The sea is", "user": "somebody"},
    "length": {"prompt": "The sea @@length@@", "max_tokens": 3},
    "stream": {"prompt": "The sea is", "stream": True},
    "stream-usage": {"prompt": "The sea is", "stream": True, "stream_options": {"include_usage": True}},
}
_EMBED_FEATURES: Final[dict[str, dict[str, Any]]] = {
    "plain": {"input": "one"},
    "list": {"input": ["one", "two"]},
    "float": {"input": "one", "encoding_format": "float"},
    "base64": {"input": "one", "encoding_format": "base64"},
    "dimensions": {"input": "one", "dimensions": 3},
    "tokens": {"input": [1, 2, 3]},
    "user": {"input": "one", "user": "somebody"},
}


def cases() -> Iterator[Case]:
    """All of them, in a fixed order."""
    for upstream in CONVERSING:
        for feature, body in _chat_features().items():
            yield Case(surface="chat", upstream=upstream, feature=feature, path=CHAT, body={"model": upstream, **body})
    for feature in ("plain", "system", "effort-low", "effort-high", "max-tokens", "sampling", "tools", "stream"):
        body = {"model": "reasoner", **_chat_features()[feature]}
        yield Case(surface="chat", upstream="reasoner", feature=feature, path=CHAT, body=body)
    for upstream in ("anthropic", "host", "openai", "gemini"):
        for feature, body in _messages_features().items():
            yield Case(surface="messages", upstream=upstream, feature=feature, path=MESSAGES,
                       body={"model": upstream, **body}, headers={"anthropic-version": "2023-06-01"})  # fmt: skip
    for upstream in ("openai", "host", "anthropic", "gemini"):
        for feature, body in _responses_features().items():
            yield Case(surface="responses", upstream=upstream, feature=feature, path=RESPONSES,
                       body={"model": upstream, **body})  # fmt: skip
    for upstream in ("gemini", "host", "anthropic"):
        for feature, body in _gemini_features().items():
            path = f"/v1beta/models/{upstream}:generateContent"
            yield Case(surface="gemini", upstream=upstream, feature=feature, path=path, body=body)
        path = f"/v1beta/models/{upstream}:streamGenerateContent?alt=sse"
        for feature in ("plain", "tools", "length"):
            yield Case(surface="gemini", upstream=upstream, feature=f"stream-{feature}", path=path,
                       body=_gemini_features()[feature])  # fmt: skip
    for upstream in ("instruct", "host", "anthropic"):
        for feature, body in _TEXT_FEATURES.items():
            yield Case(
                surface="texts", upstream=upstream, feature=feature, path=TEXTS, body={"model": upstream, **body}
            )
    for upstream in ("embed", "gemini-embed"):
        for feature, body in _EMBED_FEATURES.items():
            yield Case(surface="embeddings", upstream=upstream, feature=feature, path=EMBEDDINGS,
                       body={"model": upstream, **body})  # fmt: skip
    yield from _failures()
    yield from _refusals()


def _ask(surface: str, upstream: str, text: str) -> tuple[str, dict[str, Any]]:
    if surface == "chat":
        return CHAT, {"model": upstream, "messages": [user(text)]}
    if surface == "messages":
        return MESSAGES, {"model": upstream, "max_tokens": 64, "messages": [user(text)]}
    if surface == "responses":
        return RESPONSES, {"model": upstream, "input": text}
    return f"/v1beta/models/{upstream}:generateContent", {"contents": [{"role": "user", "parts": [{"text": text}]}]}


def _failures() -> Iterator[Case]:
    """What the provider refuses, over each pair that matters."""
    pairs = [("chat", one) for one in CONVERSING]
    pairs += [("messages", "anthropic"), ("messages", "host"), ("responses", "openai"), ("responses", "anthropic"),
              ("gemini", "gemini"), ("gemini", "host")]  # fmt: skip
    for surface, upstream in pairs:
        for order in (*(f"status-{one}" for one in STATUSES), "context", "policy"):
            path, body = _ask(surface, upstream, f"Hello @@{order}@@")
            yield Case(surface=surface, upstream=upstream, feature=f"fails-{order}", path=path, body=body)


def _refusals() -> Iterator[Case]:
    """What the gateway refuses by itself."""
    for surface in ("chat", "messages", "responses", "gemini"):
        path, body = _ask(surface, "host", "Hello")
        whose: dict[str, Any] = {"surface": surface, "upstream": "none"}
        yield Case(**whose, feature="key-none", path=path, body=body, key=False)
        yield Case(**whose, feature="key-wrong", path=path, body=body, key=False,
                   headers={"authorization": "Bearer sk-wrong-000000000000"})  # fmt: skip
        yield Case(**whose, feature="key-x-api-key-wrong", path=path, body=body, key=False,
                   headers={"x-api-key": "sk-wrong-000000000000"})  # fmt: skip
        wrong_path, wrong = _ask(surface, "nothing-like-that", "Hello")
        yield Case(**whose, feature="model-unknown", path=wrong_path, body=wrong)
        yield Case(**whose, feature="body-cut", path=path, body=b'{"model": "host", ')
        yield Case(**whose, feature="body-list", path=path, body=b"[]")
        yield Case(**whose, feature="body-empty", path=path, body=b"")
        yield Case(**whose, feature="body-null", path=path, body=b"null")
        if surface != "gemini":
            yield Case(
                **whose, feature="model-missing", path=path, body={k: v for k, v in body.items() if k != "model"}
            )
            yield Case(**whose, feature="model-number", path=path, body={**body, "model": 5})
        content = next(one for one in ("messages", "input", "contents") if one in body)
        rest = {name: value for name, value in body.items() if name != content}
        yield Case(**whose, feature="content-missing", path=path, body=rest)
        yield Case(**whose, feature="content-text", path=path, body={**rest, content: 5})
        yield Case(**whose, feature="content-empty", path=path, body={**rest, content: []})
    yield Case(
        surface="paths", upstream="none", feature="unknown", path="/v1/nothing/like/that", body={"model": "host"}
    )
    for surface in ("chat", "messages"):
        path, body = _ask(surface, "down", "Hello")
        yield Case(surface=surface, upstream="down", feature="down", path=path, body=body)
