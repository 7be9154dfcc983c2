"""The data plane in OpenAPI's words, by hand: its bytes pass through, so no model class describes them.

Main fields only. Whatever else a client sends goes on to the provider as it is.
"""

from __future__ import annotations

import re
from typing import Final

from trunkline.admin import openapi_beside, routes
from trunkline.admin.openapi_operations import OPERATIONS, PAGE, STORED
from trunkline.surfaces import stored
from trunkline.surfaces.operations import SPELLINGS

Node = dict[str, object]


def _ref(kind: str, name: str) -> Node:
    return {"$ref": f"#/components/{kind}/{name}"}


def _obj(description: str, required: tuple[str, ...], properties: Node) -> Node:
    shape: Node = {"type": "object", "description": description, "properties": properties, "additionalProperties": True}
    return shape | ({"required": list(required)} if required else {})


def _text(description: str = "") -> Node:
    shape: Node = {"type": "string"}
    return shape | ({"description": description} if description else {})


def _number(description: str, low: float | None = None, high: float | None = None) -> Node:
    bounds: Node = {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
    shape: Node = {"type": "number", "description": description}
    return shape | bounds


def _count(description: str) -> Node:
    return {"type": "integer", "minimum": 0, "description": description}


def _flag(description: str) -> Node:
    return {"type": "boolean", "description": description}


def _many(items: Node, description: str = "") -> Node:
    shape: Node = {"type": "array", "items": items}
    return shape | ({"description": description} if description else {})


_MODEL: Final = _text("A name from `model_list`, an alias, or a name that a wildcard entry covers.")
_STOP: Final[Node] = {"anyOf": [_text(), _many(_text())], "description": "Up to four texts that end the answer."}
_SAMPLING: Final[Node] = {
    "temperature": _number("Randomness; what the provider's models take.", 0, 2),
    "top_p": _number("Nucleus sampling.", 0, 1),
    "n": {"type": "integer", "minimum": 1, "description": "Answers to make."},
    "stop": _STOP,
    "seed": {"type": "integer", "description": "For answers that repeat, where the provider can."},
    "stream": _flag("Send the answer as server-sent events."),
    "stream_options": _obj(
        "For streams.",
        (),
        {"include_usage": _flag("End with a chunk that holds the usage. The gateway asks the provider for it anyway.")},
    ),
    "user": _text("The end user, for the ledger's `end_user`."),
}

SCHEMAS: Final[dict[str, Node]] = {
    "Error": _obj(
        "OpenAI's error body. Errors of a provider that have this shape pass as they are.",
        ("error",),
        {
            "error": _obj(
                "What went wrong.",
                ("message", "type"),
                {
                    "message": _text("For people: what was wrong and what to do."),
                    "type": _text("For example `invalid_request_error`, `auth_error`, `rate_limit_error`."),
                    "param": {"type": ["string", "null"], "description": "The member of the request that was wrong."},
                    "code": {"type": ["string", "null"], "description": "The status as text, or a name."},
                },
            )
        },
    ),
    "Usage": _obj(
        "Tokens, as the provider counted them.",
        ("prompt_tokens", "total_tokens"),
        {
            "prompt_tokens": _count("Input, cached tokens included."),
            "completion_tokens": _count("Output, reasoning included."),
            "total_tokens": _count("Both."),
            "prompt_tokens_details": _obj("Parts of the input.", (), {"cached_tokens": _count("Read from a cache.")}),
            "completion_tokens_details": _obj("Parts of the output.", (), {"reasoning_tokens": _count("Thought.")}),
        },
    ),
    "ChatMessage": _obj(
        "One message.",
        ("role",),
        {
            "role": {"type": "string", "enum": ["system", "developer", "user", "assistant", "tool"]},
            "content": {
                "anyOf": [_text(), _many({"type": "object"}), {"type": "null"}],
                "description": "Text, or parts: text, image_url, input_audio, file.",
            },
            "tool_calls": _many({"type": "object"}, "What the assistant wants called."),
            "tool_call_id": _text("Which call a `tool` message answers."),
        },
    ),
    "ChatRequest": _obj(
        "OpenAI's chat request.",
        ("model", "messages"),
        {
            "model": _MODEL,
            "messages": _many(_ref("schemas", "ChatMessage")),
            **_SAMPLING,
            "max_completion_tokens": _count("Most tokens to answer with, reasoning included."),
            "max_tokens": _count("The older name of it."),
            "tools": _many({"type": "object"}, "Functions the model may ask to be called."),
            "tool_choice": {"description": "`auto`, `none`, `required`, or one function."},
            "response_format": {"type": "object", "description": "`json_object` or `json_schema`."},
            "reasoning_effort": _text("For reasoning models: `low`, `medium`, `high`."),
        },
    ),
    "ChatResponse": _obj(
        "OpenAI's chat answer.",
        ("id", "choices", "model"),
        {
            "id": _text("The provider's; the gateway's is the header `x-litellm-call-id`."),
            "object": _text("`chat.completion`."),
            "created": _count("Seconds since 1970."),
            "model": _text("What the provider says answered."),
            "choices": _many(
                _obj(
                    "One answer.",
                    (),
                    {
                        "index": _count("From 0."),
                        "message": _ref("schemas", "ChatMessage"),
                        "finish_reason": _text("`stop`, `length`, `tool_calls`, `content_filter`."),
                    },
                )
            ),
            "usage": _ref("schemas", "Usage"),
        },
    ),
    "ChatChunk": _obj(
        "One `data:` event of a stream; the last is `data: [DONE]`. A stream that broke ends in an event with `error` "
        "and has no `[DONE]`.",
        ("id", "choices"),
        {
            "id": _text(),
            "object": _text("`chat.completion.chunk`."),
            "choices": _many({"type": "object", "description": "`index`, `delta`, `finish_reason`."}),
            "usage": _ref("schemas", "Usage"),
        },
    ),
    "CompletionRequest": _obj(
        "OpenAI's older text completion.",
        ("model", "prompt"),
        {
            "model": _MODEL,
            "prompt": {"anyOf": [_text(), _many(_text())], "description": "The text to continue."},
            "max_tokens": _count("Most tokens to answer with."),
            **_SAMPLING,
        },
    ),
    "CompletionResponse": _obj(
        "A text completion.",
        ("id", "choices", "model"),
        {
            "id": _text(),
            "object": _text("`text_completion`."),
            "model": _text(),
            "choices": _many({"type": "object", "description": "`index`, `text`, `finish_reason`."}),
            "usage": _ref("schemas", "Usage"),
        },
    ),
    "EmbeddingRequest": _obj(
        "Texts to embed.",
        ("model", "input"),
        {
            "model": _MODEL,
            "input": {
                "anyOf": [_text(), _many(_text()), _many({"type": "integer"})],
                "description": "Texts or tokens.",
            },
            "dimensions": _count("Length of the vectors, where the model can."),
            "encoding_format": {"type": "string", "enum": ["float", "base64"]},
            "user": _text("The end user, for the ledger's `end_user`."),
        },
    ),
    "EmbeddingResponse": _obj(
        "Vectors, in the order of the input.",
        ("data", "model"),
        {
            "object": _text("`list`."),
            "data": _many({"type": "object", "description": "`index`, `embedding`."}),
            "model": _text(),
            "usage": _ref("schemas", "Usage"),
        },
    ),
    "Model": _obj(
        "A name that can be called.",
        ("id", "object", "created", "owned_by"),
        {
            "id": _text(),
            "object": _text("`model`."),
            "created": _count("A constant, as LiteLLM has it."),
            "owned_by": _text("The provider."),
        },
    ),
    "Models": _obj(
        "All names that can be called now.",
        ("data", "object"),
        {"data": _many(_ref("schemas", "Model")), "object": _text("`list`.")},
    ),
}

HEADERS: Final[dict[str, Node]] = {
    "x-litellm-call-id": {"description": "The call's id, `request_id` in the ledger.", "schema": _text()},
    "x-litellm-model-id": {"description": "The deployment that answered.", "schema": _text()},
    "x-litellm-response-cost": {
        "description": "USD, exact. Not on streams: their cost is known at the end.",
        "schema": _text(),
    },
    "x-trunkline-model-replaced": {
        "description": "Present when the provider has retired the configured model and its successor answered.",
        "schema": _text(),
    },
    "x-trunkline-bridge": {
        "description": "Present when another library reached the provider: `litellm`.",
        "schema": _text(),
    },
    "x-trunkline-losses": {
        "description": "Members of the request that the target cannot take and that were left out.",
        "schema": _text(),
    },
}

_ERRORS: Final = {
    400: ("BadRequest", "The body is no JSON object, the model is not known, or the provider refused the call."),
    401: ("Unauthorized", "No key, or one that is not known. One body for every wrong key."),
    404: ("NotFound", "No such model, says `GET /v1/models/{id}` or the provider."),
    408: ("Timeout", "The provider was silent too long; the message says which limit."),
    413: ("TooLarge", "The body is larger than the limit (32 MB unless set)."),
    429: ("RateLimited", "The provider's limit, after the retries; `retry-after` where it said one."),
    500: ("InternalError", "An error of ours, or of the provider, whose status is kept."),
    502: ("BadGateway", "The provider's answer was cut or malformed."),
    503: ("Unavailable", "No deployment can be called: unreachable, without a credential, or the ledger has no room."),
}

RESPONSES: Final[dict[str, Node]] = {
    name: {"description": text, "content": {"application/json": {"schema": _ref("schemas", "Error")}}}
    for name, text in _ERRORS.values()
}

_SURFACES: Final = dict(SPELLINGS)
_PARAMETERS: Final = {
    "model": "The model; it decides, whatever the body says.",
    "model_id": "The name; may hold slashes.",
    "response_id": "The `id` of a response that was stored for this key.",
    "project": "Read and not used: the deployment knows its own.",
    "location": "Read and not used: the deployment knows its own.",
    "publisher": "Read and not used.",
    **openapi_beside.PARAMETERS,
}


def paths() -> dict[str, Node]:
    """Path items of the data plane; those that are another spelling say of which in `x-alias-of`."""
    result: dict[str, Node] = {}
    kept = {(method, path): operation for method, path, operation in stored.paths()}
    for method, path in routes.DATA_PLANE:
        operation = kept.get((method, path))
        if (method, path) in openapi_beside.CANONICAL:
            made = _beside(method, path)
        elif operation is not None:
            made = _stored(operation, path)
        else:
            made = _post(path) if method == "POST" else _get(path)
        result.setdefault(path, {})[method.lower()] = made
    return result


def _post(path: str) -> Node:
    surface = _SURFACES[path]
    about = OPERATIONS[surface]
    content: Node = {about.produces: {"schema": _shape(about.response)}}
    if surface.streams and surface.stream is None and about.produces == "application/json":
        content["text/event-stream"] = {"schema": _shape(about.chunk)}
    good: Node = {"description": "The answer in the client's format; the provider's bytes where it is theirs too."}
    good["content"] = content
    good["headers"] = {name: _ref("headers", name) for name in HEADERS}
    request: Node = {"application/json": {"schema": _shape(about.request), "example": about.example}}
    if about.form:
        request = {"multipart/form-data": {"schema": _obj("A form.", ("model",), about.form)}}
    operation: Node = {
        "tags": [about.title],
        "summary": about.summary,
        "operationId": _operation_id("post", path),
        "requestBody": {"required": True, "content": request},
        "responses": {"200": good} | _errors(*_ERRORS),
    }
    return operation | _about(path, surface.route)


def _shape(name: str | None) -> Node:
    return _ref("schemas", name) if name is not None else {"type": "object", "additionalProperties": True}


def _get(path: str) -> Node:
    one = path.endswith("{model_id}")
    canonical = "/v1/models/{model_id}" if one else "/v1/models"
    schema = _ref("schemas", "Model" if one else "Models")
    good: Node = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    operation: Node = {
        "tags": ["Models"],
        "summary": "Describe one name." if one else "List the names that can be called now.",
        "operationId": _operation_id("get", path),
        "responses": {"200": good} | _errors(401, *((404,) if one else ())),
    }
    return operation | _about(path, canonical)


def _beside(method: str, path: str) -> Node:
    own_id = _operation_id(method.lower(), path.replace("-", "_dash_"))
    made = openapi_beside.operation(method, path) | {"operationId": own_id}
    answers = made["responses"]
    assert isinstance(answers, dict)
    answers |= _errors(*((400,) if made.get("security") == [] else (400, 401, 404, 408, 413, 502, 503)))
    about = _about(path, openapi_beside.CANONICAL[(method, path)])
    if asked := openapi_beside.query(method, path):
        named = about.get("parameters", [])
        assert isinstance(named, list)
        about["parameters"] = [*named, *asked]
    return made | about


def _stored(operation: stored.Operation, path: str) -> Node:
    summary, description = STORED[operation]
    content: Node = {"application/json": {"schema": _shape(None)}}
    made: Node = {
        "tags": ["Responses"],
        "summary": summary,
        "description": description,
        "operationId": _operation_id(operation.method.lower(), path),
        "responses": {"200": {"description": "OK", "content": content}} | _errors(400, 401, 404, 502, 503),
    }
    about = _about(path, operation.route)
    if operation is stored.Operation.ITEMS:
        asked = [
            {"name": name, "in": "query", "required": False, "schema": _text(), "description": text}
            for name, text in PAGE.items()
        ]
        named = about["parameters"]
        assert isinstance(named, list)
        about["parameters"] = [*named, *asked]
    return made | about


def _errors(*statuses: int) -> Node:
    return {str(status): _ref("responses", _ERRORS[status][0]) for status in statuses}


def _about(path: str, canonical: str) -> Node:
    result: Node = {"x-alias-of": canonical} if path != canonical else {}
    names = re.findall(r"{(\w+)}", path)
    if names:
        result["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _text(), "description": _PARAMETERS[name]}
            for name in names
        ]
    return result


def _operation_id(method: str, path: str) -> str:
    words = path.replace("{", "").replace("}", "").replace("-", "_").replace(":", "/").strip("/").split("/")
    return "_".join([method, *words])
