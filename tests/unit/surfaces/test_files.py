"""Ids of files and batches: whose they are, and that nobody changed them."""

from __future__ import annotations

import re

import pytest

from trunkline.surfaces.files import DamagedIdError, Owned, match, methods, operation, unwrap, wrap, wrap_answer

IDS = ["file-abc", "batch_68a", "0b5c-uuid", "assistant-x", "x", "naïve:id", "file-" + "a" * 300]


@pytest.mark.parametrize("original", IDS)
def test_an_id_holds_its_owner(original: str) -> None:
    """Both come back; the kind of thing stays readable, and nothing in it needs encoding."""
    own_id = wrap("d:1f2e", original)
    assert unwrap(own_id) == Owned("d:1f2e", original)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", own_id)
    if original.startswith("file-"):
        assert own_id.startswith("file-")


@pytest.mark.parametrize("original", ["file-abc", "batch_1", "resp_x", "", "tlk", "a-b-c"])
def test_an_id_of_the_providers_is_none_of_ours(original: str) -> None:
    """It has no owner."""
    assert unwrap(original) is None


def test_every_change_is_seen() -> None:
    """Each character, and each cut."""
    own_id = wrap("p:openai", "file-abc")
    for at in range(len("file-tlk1"), len(own_id)):
        for other in "A_9":
            if other != own_id[at]:
                with pytest.raises(DamagedIdError):
                    unwrap(own_id[:at] + other + own_id[at + 1 :])
        with pytest.raises(DamagedIdError):
            unwrap(own_id[:at])
    for more in ("=", "A", "====", "é"):
        with pytest.raises(DamagedIdError):
            unwrap(own_id + more)


def test_an_answer_has_the_clients_ids() -> None:
    """Objects, lists, the three files of a batch; what is empty stays so, and other members stay as they are."""
    batch: dict[str, object] = {
        "id": "batch_1",
        "input_file_id": "file-a",
        "error_file_id": None,
        "metadata": {"id": "mine"},
    }
    found = wrap_answer({"object": "list", "data": [batch], "first_id": "batch_1"}, "p:x")
    (row,) = found["data"] if isinstance(found["data"], list) else []
    assert row["id"] == found["first_id"] == wrap("p:x", "batch_1")
    assert row["input_file_id"] == wrap("p:x", "file-a")
    assert (row["error_file_id"], row["metadata"]) == (None, {"id": "mine"})


@pytest.mark.parametrize(
    ("path", "method", "name"),
    [
        (b"/v1/files", "POST", "acreate_file"), (b"/files/f/content", "GET", "afile_content"),
        (b"/groq/v1/batches/b", "GET", "aretrieve_batch"), (b"/v1/batches/b/cancel", "POST", "acancel_batch"),
        (b"/v1/files/f", "POST", None), (b"/v1/batches/b/content", "GET", None), (b"/v1/files", "PATCH", None),
    ],
)  # fmt: skip
def test_paths_and_methods(path: bytes, method: str, name: str | None) -> None:
    """LiteLLM's names of the operations; what is no operation has none."""
    wanted = match(path)
    assert wanted is not None
    assert operation(wanted, method) == name
    assert (method in methods(wanted)) == (name is not None)


@pytest.mark.parametrize(
    "path", [b"/v1/files/", b"/v1/files/a/b", b"/v2/files", b"/v1/file", b"/a/b/v1/files", b"/v1//files"]
)
def test_other_paths_are_none(path: bytes) -> None:
    """Only the exact spellings."""
    assert match(path) is None
