"""Stored responses: conversations that go on, references, and the list of input items."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses.response_item_list import ResponseItemList

from tests.wire.openai_responses.made import PARTS, REPLY, answer
from tests.wire.openai_responses.recorded import exchanges
from trunkline.ir.losses import BadShape, Losses
from trunkline.wire.openai_responses.codec import CODEC
from trunkline.wire.openai_responses.ids import is_minted, minted, origin
from trunkline.wire.openai_responses.stored import continued, input_items, items_of, page, referenced, resolved

ASKED: dict[str, Any] = {
    "model": "m",
    "instructions": "be nice",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": "https://x"}]},
        {"role": "assistant", "content": "y"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "z"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "z"},
        {"type": "reasoning", "encrypted_content": "b"},
    ],
}  # fmt: skip


def test_a_conversation_goes_on() -> None:
    """Earlier input and output stand in front of the new input, and the reference to them is gone."""
    body = CODEC.encode_answer(answer(*PARTS[:4]), REPLY, Losses())
    earlier = [*input_items({"input": "hi"}, "resp_abc"), *items_of(body)]
    request = CODEC.decode_request(
        continued({"model": "m", "input": "more", "previous_response_id": "resp_abc"}, earlier)
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "user"]
    sent = CODEC.encode_request(request, Losses())
    assert "previous_response_id" not in sent
    assert "_tlk" not in json.dumps(sent)


def test_the_official_client_takes_the_list() -> None:
    """Every item is whole, with an id, in the strict types of OpenAI's own package."""
    listed = page(input_items(ASKED, "resp_1"), limit=100, order="asc")
    read = ResponseItemList.model_validate(json.loads(json.dumps(listed)))
    assert [item.type for item in read.data] == [item.get("type", "message") for item in ASKED["input"]]
    assert all(is_minted(item.id) for item in read.data)
    assert not read.has_more


@pytest.mark.parametrize("exchange", exchanges("request"))
def test_every_recorded_input_can_be_listed(exchange: dict[str, Any]) -> None:
    """Ids of ours are unique and always the same; ids that were there stay."""
    body = exchange["request"]["body"]
    items = input_items(body, "resp_1")
    ids = [item["id"] for item in items]
    made = [own for own in ids if is_minted(own)]
    assert len(set(made)) == len(made)
    assert ids == [item["id"] for item in input_items(body, "resp_1")]
    given = body.get("input")
    if isinstance(given, list):
        assert [new["id"] for new, old in zip(items, given, strict=True) if "id" in old] == [
            item["id"] for item in given if "id" in item
        ]
    CODEC.decode_request({**body, "input": items})


def test_ids_without_a_response_are_those_of_the_items() -> None:
    """The same input has the same ids, another has others."""
    first = input_items({"input": "x"})[0]["id"]
    assert first == input_items({"input": "x"})[0]["id"]
    assert first != input_items({"input": "y"})[0]["id"]


def test_an_id_says_whose_it_is() -> None:
    """The response and the place can be read from an id of ours; others say nothing."""
    assert origin(minted("msg", "resp_1", 4)) == ("resp_1", False, 4)
    assert origin(str(input_items({"input": "x"}, "resp_1")[0]["id"])) == ("resp_1", True, 0)
    assert origin("msg_0d6748b78bb768ea") is None


def test_references_are_resolved() -> None:
    """Known items take their places; what only a provider knows stays a reference."""
    members = {
        "input": [{"type": "item_reference", "id": "msg_tlk0_resp_1"}, {"id": "rs_1"}, {"role": "user", "content": "x"}]
    }
    assert referenced(members) == ["msg_tlk0_resp_1", "rs_1"]
    item = {"type": "message", "role": "assistant", "content": []}
    assert resolved(members, {"msg_tlk0_resp_1": item})["input"] == [item, {"id": "rs_1"}, members["input"][2]]
    with pytest.raises(BadShape, match="is stored"):
        resolved(members, {})


def test_pages_follow_each_other() -> None:
    """Newest first unless asked otherwise; `after` goes on behind an item."""
    items: list[dict[str, object]] = [{"id": str(n)} for n in range(5)]
    first = page(items, limit=2)
    assert ([item["id"] for item in first["data"]], first["has_more"]) == (["4", "3"], True)  # type: ignore[attr-defined]
    last = page(items, limit=2, after="1")
    assert ([item["id"] for item in last["data"]], last["has_more"], last["last_id"]) == (["0"], False, "0")  # type: ignore[attr-defined]
    assert page([], order="asc") == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
