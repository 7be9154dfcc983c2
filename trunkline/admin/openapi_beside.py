"""What stands beside the calls to models, in OpenAPI's words: pass-through, files, batches, utilities."""

from __future__ import annotations

from typing import Final

from trunkline.surfaces import beside

Node = dict[str, object]

_FORM: Final[Node] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file", "purpose"],
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "purpose": {"type": "string", "description": "`batch`, `assistants`, ..."},
                "target_model_names": {"type": "string", "description": "The model whose account gets the file."},
                "custom_llm_provider": {"type": "string", "description": "Or the provider whose account gets it."},
            },
        }
    }
}
_BATCH: Final[Node] = {"input_file_id": "ID", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
_MESSAGES: Final = [{"role": "user", "content": "Say hello."}]
_ABOUT: Final[dict[tuple[str, str], tuple[str, str, Node | None]]] = {
    ("POST", "/v1/files"): ("Files", "Upload a file, to the account of a model or of a provider.", None),
    ("GET", "/v1/files"): ("Files", "List the files of an account.", None),
    ("GET", "/v1/files/{file_id}"): ("Files", "Describe a file.", None),
    ("DELETE", "/v1/files/{file_id}"): ("Files", "Delete a file.", None),
    ("GET", "/v1/files/{file_id}/content"): ("Files", "Download a file.", None),
    ("POST", "/v1/batches"): ("Batches", "Start a batch where its input file lies.", _BATCH),
    ("GET", "/v1/batches"): ("Batches", "List the batches of an account.", None),
    ("GET", "/v1/batches/{batch_id}"): ("Batches", "Describe a batch.", None),
    ("POST", "/v1/batches/{batch_id}/cancel"): ("Batches", "Cancel a batch.", None),
    ("POST", "/utils/transform_request"): (
        "Utilities",
        "Show what would be sent to the provider, credentials masked, and what would be left out. Nothing is sent.",
        {"call_type": "completion", "request_body": {"model": "MODEL", "messages": _MESSAGES}},
    ),
    ("POST", "/utils/token_counter"): (
        "Utilities", "Estimate the tokens of messages or of a prompt.", {"model": "MODEL", "messages": _MESSAGES}
    ),
    ("GET", "/utils/supported_openai_params"): ("Utilities", "List the parameters that a request may have.", None),
    ("POST", "/api/event_logging/batch"): (
        "Utilities", "Take a coding client's telemetry and keep nothing of it. No key is asked for.", {}
    ),
}  # fmt: skip
"""Tag, summary and a body to try."""
_PASS: Final = (
    "Pass-through",
    "Call the provider's own API with the gateway's key: any path and body, answers as they come, a row in the ledger.",
)
PARAMETERS: Final = {
    "file_id": "The id that the upload gave; it says whose the file is.",
    "batch_id": "The id that the start of the batch gave.",
    "provider": "Whose account it is, as before the slash of `model`.",
    "endpoint": "The path of the provider's own API; may have slashes, and no `..`, `//` or encoded slashes.",
}
_QUERY: Final = {
    "/utils/supported_openai_params": {"model": "A name from `GET /v1/models`."},
    "/v1/files": {"custom_llm_provider": "The provider whose account it is.", "model": "Or a model of it."},
    "/v1/batches": {"custom_llm_provider": "The provider whose account it is.", "model": "Or a model of it."},
}
CANONICAL: Final = {(method, path): canonical for method, path, canonical in beside.paths()}


def operation(method: str, path: str) -> Node:
    """Tag, summary, body and answers, without what the path says of itself."""
    canonical = CANONICAL[(method, path)]
    tag, summary, example = _ABOUT.get((method, canonical), (*_PASS, None))
    passed = path.endswith("{endpoint}")
    content: Node = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
    result: Node = {
        "tags": [tag],
        "summary": summary,
        "responses": {"200": {"description": "The provider's answer." if passed else "OK", "content": content}},
    }
    if canonical == "/v1/files" and method == "POST":
        result["requestBody"] = {"required": True, "content": _FORM}
    elif example is not None or (passed and method in ("POST", "PUT", "PATCH")):
        body: Node = {"schema": {"type": "object", "additionalProperties": True}, "example": example or {}}
        result["requestBody"] = {"required": not passed, "content": {"application/json": body}}
    if canonical == "/api/event_logging/batch":
        result["security"] = []
    return result


def query(method: str, path: str) -> list[Node]:
    """Query parameters that mean something here."""
    found = _QUERY.get(CANONICAL[(method, path)], {}) if method == "GET" else {}
    return [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": text}
        for name, text in found.items()
    ]
