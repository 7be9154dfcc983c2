"""The paths of stored responses."""

from __future__ import annotations

import pytest

from trunkline.admin.routes import methods
from trunkline.surfaces.stored import PREFIXES, Operation, match, paths


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("method", "tail", "operation"),
    [
        ("GET", "", Operation.FETCH),
        ("HEAD", "", Operation.FETCH),
        ("DELETE", "", Operation.DELETE),
        ("POST", "/cancel", Operation.CANCEL),
        ("GET", "/input_items", Operation.ITEMS),
    ],
)
def test_each_operation_has_its_path(prefix: str, method: str, tail: str, operation: Operation) -> None:
    """Under the three prefixes; the id as it is written."""
    assert match(method, f"{prefix}resp_1%20{tail}".encode()) == (operation, "resp_1%20")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/responses/resp_1"),
        ("GET", "/v1/responses/resp_1/cancel"),
        ("GET", "/v1/responses/resp_1/"),
        ("GET", "/v1/responses//cancel"),
        ("GET", "/v1/responses/a/b"),
        ("GET", "/v1/responses/input_tokens"),
        ("DELETE", "/v1/responses/compact"),
        ("GET", "/x/v1/responses/resp_1"),
        ("GET", "/v1/responses"),
    ],
)
def test_other_paths_are_none(method: str, path: str) -> None:
    """Only the exact spelling counts."""
    assert match(method, path.encode()) is None


def test_the_wrong_method_learns_the_right_ones() -> None:
    """Of the path as it is, not of a longer or shorter one."""
    assert methods("/v1/responses/resp_1") == ("GET", "DELETE")
    assert methods("/v1/responses/resp_1/cancel") == ("POST",)
    assert methods("/v1/responses/input_tokens") == ("POST",)
    assert methods("/v1/responses/a/b/c") == ()
    assert len(paths()) == 12
