"""Models, reload, and the list of routes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import httpx
import pytest

from tests.unit.admin.fakes import AUTH, MASTER, PROVIDER_KEY, SMALL, SNAPSHOT, FakeGateway
from trunkline.admin.gateway import ReloadResult
from trunkline.admin.routes import DATA_PLANE, ROUTES


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Ask with the key."""
    return await client.get(path, headers=AUTH)


async def test_model_info_has_litellms_shape(client: httpx.AsyncClient) -> None:
    """Both paths give a row per deployment: masked parameters, prices per token as numbers, and whether it answers."""
    answer = await get(client, "/model/info")
    assert answer.content == (await get(client, "/v1/model/info")).content
    rows = answer.json()["data"]
    assert [row["model_name"] for row in rows] == ["large", "large", "small", "keyless"]
    large, keyless = rows[0], rows[3]
    assert large["litellm_params"] == {"model": "acme/acme-large-1", "api_key": "***", "rpm": 10}
    info = large["model_info"]
    assert (info["id"], info["db_model"], info["mode"]) == ("large-1", False, "chat")
    assert info["input_cost_per_token"] == 2.5e-06
    assert info["cache_read_input_token_cost"] == 1.25e-06
    assert info["output_cost_per_token_above_200k_tokens"] == 2e-05
    assert info["max_input_tokens"] == 128_000
    assert (info["retired_model"], info["successor"]) == ("acme-large-1", "acme-large-2")
    assert info["available"] is True
    assert keyless["model_info"]["available"] is False
    assert keyless["model_info"]["unavailable_reason"] == "set `ACME_API_KEY`: the entry names it"
    assert keyless["model_info"]["input_cost_per_token"] is None
    assert PROVIDER_KEY not in answer.text


async def test_facts_have_an_order_and_gaps(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """The config's own words win over profiles, those over the price data; what nobody knows is `null`, not absent."""
    gateway.listed = {"gpt-4o": {"max_input_tokens": 7}, "acme-1": {"max_input_tokens": 8, "supports_vision": True}}
    written = {"supports_vision": False, "max_output_tokens": 9, "notes": "ours"}
    models: dict[str, tuple[str, dict[str, object]]] = {
        "a": ("gpt-4o", written), "b": ("gpt-4o", {}), "c": ("acme-1", {}), "d": ("gpt-*", {}),
        "e": ("mine", {"base_model": "gpt-4o"}),
    }  # fmt: skip
    gateway.snapshot = replace(
        SNAPSHOT,
        deployments=tuple(
            replace(SMALL, id=name, group=name, model=model, model_info=info) for name, (model, info) in models.items()
        ),
    )
    rows = {row["model_name"]: row["model_info"] for row in (await get(client, "/model/info")).json()["data"]}
    fields = ("max_tokens", "max_input_tokens", "max_output_tokens", "supports_vision", "supports_audio_input")
    assert {name: tuple(row[field] for field in fields) for name, row in rows.items()} == {
        "a": (9, 128_000, 9, False, False),
        "b": (16_384, 128_000, 16_384, True, False),
        "c": (8, 8, None, True, None),
        "d": (None, None, None, None, None),
        "e": (16_384, 128_000, 16_384, True, False),
    }
    assert rows["a"]["notes"] == "ours"


async def test_a_group_can_what_any_of_it_can(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """An ability of a name is `true` where one deployment has it, `false` where all lack it, `null` in between."""
    known = [{"supports_vision": True}, {"supports_vision": False, "supports_reasoning": False}, {}]
    gateway.snapshot = replace(
        SNAPSHOT, deployments=tuple(replace(SMALL, id=str(n), model_info=info) for n, info in enumerate(known))
    )
    (row,) = (await get(client, "/model_group/info?model_group=small")).json()["data"]
    assert (row["supports_vision"], row["supports_reasoning"], row["supports_pdf_input"]) == (True, None, None)


async def test_one_deployment_by_id(client: httpx.AsyncClient) -> None:
    """`litellm_model_id` picks one; an id that is not there is a 404 that says where the ids are."""
    rows = (await get(client, "/model/info?litellm_model_id=large-2")).json()["data"]
    assert [row["model_info"]["id"] for row in rows] == ["large-2"]
    answer = await get(client, "/model/info?litellm_model_id=nope")
    assert answer.status_code == 404
    assert "`/model/info` lists them" in answer.json()["error"]["message"]


async def test_pages_of_models(client: httpx.AsyncClient) -> None:
    """`/v2/model/info` counts and pages, and filters by text, name and id."""
    body = (await get(client, "/v2/model/info?page=2&size=3")).json()
    assert [row["model_name"] for row in body["data"]] == ["keyless"]
    assert (body["total_count"], body["current_page"], body["total_pages"], body["size"]) == (4, 2, 2, 3)
    assert (await get(client, "/v2/model/info?search=ACME-SM")).json()["total_count"] == 2
    assert (await get(client, "/v2/model/info?model=large")).json()["total_count"] == 2
    assert (await get(client, "/v2/model/info?modelId=small-1")).json()["total_count"] == 1
    assert (await get(client, "/v2/model/info?page=9")).json()["data"] == []


@pytest.mark.parametrize("query", ["size=0", "size=5000", "page=0", "page=x"])
async def test_numbers_out_of_range_are_refused(client: httpx.AsyncClient, query: str) -> None:
    """A wrong page number is a 422 in FastAPI's own form, as LiteLLM answers."""
    answer = await get(client, f"/v2/model/info?{query}")
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], list)


async def test_groups_take_the_largest_and_show_aliases(client: httpx.AsyncClient) -> None:
    """`/model_group/info` has a row per name: the largest limit of any, rates summed, no hidden alias."""
    rows = {row["model_group"]: row for row in (await get(client, "/model_group/info")).json()["data"]}
    assert list(rows) == ["large", "small", "keyless", "big"]
    assert (rows["large"]["max_input_tokens"], rows["large"]["rpm"]) == (128_000, 20)
    assert rows["large"]["input_cost_per_token"] == 2.5e-06
    assert rows["large"]["supports_vision"] is True
    assert rows["big"]["providers"] == ["acme"]
    assert rows["keyless"]["available"] is False
    only = (await get(client, "/model_group/info?model_group=small")).json()["data"]
    assert [row["model_group"] for row in only] == ["small"]


async def test_model_info_can_hold_whatever_yaml_can(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """A date or a set that somebody wrote under `model_info` is shown, not a failure."""
    odd = replace(SMALL, model_info={"cutoff": date(2026, 1, 2), "tags": {"a"}, "x": object})
    gateway.snapshot = replace(SNAPSHOT, deployments=(odd,))
    answer = await get(client, "/model/info")
    assert answer.json()["data"][0]["model_info"]["cutoff"] == "2026-01-02"


async def test_reload(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """A good configuration is swapped in and its notes are told."""
    answer = await client.post("/config/reload", headers=AUTH)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "reloaded",
        "version": "ba9876543210",
        "notes": ["litellm-config.yaml:7: `cache` is not implemented yet"],
    }


async def test_a_refused_reload_says_why(gateway: FakeGateway, client: httpx.AsyncClient) -> None:
    """A bad one is a 422 with every problem and the version that was kept; known credentials in it are masked."""
    problems = ("litellm-config.yaml:3: `model_lst` is not known: write `model_list`", f"line 4: {MASTER} is no list")
    gateway.reload_result = ReloadResult(ok=False, version="0123456789ab", problems=problems)
    answer = await client.post("/config/reload", headers=AUTH)
    body = answer.json()
    assert (answer.status_code, body["status"], body["version"]) == (422, "refused", "0123456789ab")
    assert body["problems"] == [problems[0], "line 4: *** is no list"]
    assert body["error"]["code"] == "422"
    assert MASTER not in answer.text


async def test_routes_lists_everything(client: httpx.AsyncClient) -> None:
    """`/routes` names each path of both planes, and which need a key."""
    rows = {row["path"]: row for row in (await client.get("/routes")).json()["routes"]}
    assert set(rows) == {route.path for route in ROUTES} | {path for _, path in DATA_PLANE}
    assert rows["/v1/chat/completions"] == {"path": "/v1/chat/completions", "methods": ["POST"], "key": True}
    assert rows["/health/liveness"]["key"] is False
    assert rows["/metrics"]["key"] is True
