"""What the registry promises, over every codec in it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trunkline.wire.small as package
from trunkline.ir.losses import BadShape, Losses, Untranslatable
from trunkline.ir.small import EmbedInput, EmbedRequest, ModerationRequest, RerankRequest
from trunkline.ir.small_media import File, ImageRequest, SpeechRequest, TranscriptionRequest
from trunkline.wire.small import losses as why
from trunkline.wire.small.codec import Operation, Received
from trunkline.wire.small.registry import EMBED, IMAGE, MODERATE, PROVIDERS, RERANK, SPEAK, SURFACES, TRANSCRIBE

ROOM = Path(package.__file__).parent

PLAIN: dict[Operation, Any] = {
    Operation.EMBED: EmbedRequest(model="m", inputs=[EmbedInput(content="a")]),
    Operation.RERANK: RerankRequest(model="m", query="q", documents=["d"]),
    Operation.MODERATE: ModerationRequest(inputs=["a"], model="m", single=True),
    Operation.IMAGE: ImageRequest(prompt="p", model="m"),
    Operation.SPEAK: SpeechRequest(model="m", input="a", voice="alloy"),
    Operation.TRANSCRIBE: TranscriptionRequest(file=File(data=b"RIFF", name="a.wav"), model="m"),
}
TABLES: dict[Operation, dict[str, Any]] = {
    Operation.EMBED: dict(EMBED),
    Operation.RERANK: dict(RERANK),
    Operation.MODERATE: dict(MODERATE),
    Operation.IMAGE: dict(IMAGE),
    Operation.SPEAK: dict(SPEAK),
    Operation.TRANSCRIBE: dict(TRANSCRIBE),
}
IDS = [f"{wire}-{operation.name.lower()}" for wire, operation in PROVIDERS]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NAMES = sorted(
    {
        node.value
        for file in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    }
)
"""Every word of the codecs: members made of them come further than random ones."""
BODIES = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


def test_the_tables_are_whole() -> None:
    """`PROVIDERS` holds every table, and no two operations share a table."""
    assert sum(len(table) for table in TABLES.values()) == len(PROVIDERS)
    for operation, table in TABLES.items():
        for wire, codec in table.items():
            assert PROVIDERS[wire, operation] is codec
            assert codec.wire in wire


@pytest.mark.parametrize("key", PROVIDERS, ids=IDS)
def test_the_plainest_request_needs_no_loss(key: tuple[str, Operation]) -> None:
    """What every provider can do goes out whole, on a path that does not begin with a slash."""
    losses = Losses()
    body = PROVIDERS[key].encode_request(PLAIN[key[1]], losses)
    assert body.encoded()
    assert body.path
    assert not body.path.startswith("/")
    assert [loss.path for loss in losses.found] == (["voice"] if key == ("deepgram", Operation.SPEAK) else [])


def test_every_reason_is_in_the_written_list() -> None:
    """Losses and refusals give a constant of `losses.py`, never words of the moment."""
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or len(node.args) < 2:
                continue
            if node.func.attr in ("add", "refuse") and ast.unparse(node.func.value) == "losses":
                reason = ast.unparse(node.args[1])
                names = [name.removeprefix("why.") for name in reason.replace(" else ", " ").split() if "why." in name]
                assert names or reason in ("ONLY_THERE", "REPORTED[name]", "reason"), f"{file.name}: {reason}"
                for name in names:
                    assert getattr(why, name) in why.REASONS


def test_reasons_are_clauses() -> None:
    """They are read behind a path: no capital, no full stop."""
    assert len(why.REASONS) > 30
    for reason in why.REASONS:
        assert reason[0].islower() or reason.startswith("OpenAI"), reason
        assert not reason.endswith("."), reason


@pytest.mark.parametrize("key", PROVIDERS, ids=IDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=BODIES)
def test_any_json_is_an_answer_or_a_bad_shape(key: tuple[str, Operation], value: Any) -> None:
    """Whatever a provider answers, nothing but `BadShape` is raised."""
    try:
        PROVIDERS[key].decode_answer(Received(body=json.dumps(value).encode()), PLAIN[key[1]])
    except BadShape:
        pass


@pytest.mark.parametrize("key", PROVIDERS, ids=IDS)
@settings(max_examples=10, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_a_bad_shape(key: tuple[str, Operation], body: bytes) -> None:
    """The same for bytes that are no JSON."""
    for kind in ("application/json", "text/plain"):
        try:
            PROVIDERS[key].decode_answer(Received(body=body, content_type=kind), PLAIN[key[1]])
        except BadShape:
            pass


@pytest.mark.parametrize("surface", SURFACES, ids=lambda key: f"{key[0]}-{key[1].name.lower()}")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.dictionaries(st.sampled_from(NAMES), BODIES, max_size=8), model=st.text(max_size=4), given_=BODIES)
def test_any_request_goes_to_every_provider_or_is_refused(
    surface: tuple[str, Operation], value: dict[str, Any], model: str, given_: Any
) -> None:
    """A request that is read is written for every wire, or refused with a reason, and is valid JSON."""
    needed = {"model": model, "input": given_, "prompt": "p", "query": "q", "documents": given_, "texts": given_}
    try:
        request = SURFACES[surface].decode_request(Received(body=json.dumps({**needed, **value}).encode()))
    except BadShape:
        return
    for codec in TABLES[surface[1]].values():
        losses = Losses()
        try:
            codec.encode_request(request, losses).encoded()
        except (Untranslatable, BadShape):
            pass
