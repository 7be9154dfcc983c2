"""The page at `/ui` is written against what the gateway answers now."""

from __future__ import annotations

from pathlib import Path

from tests.unit.admin.test_docs import references
from trunkline.admin import ui_contract

ROOT = Path(__file__).parents[3]


def test_the_pages_document_is_current() -> None:
    """`frontend/admin/openapi.json` is the code's; `python -m trunkline.admin.ui_contract` writes it."""
    assert (ROOT / ui_contract.FILE).read_bytes() == ui_contract.encoded()


def test_the_document_stands_alone() -> None:
    """It has the paths of `/ui` only, and everything that they refer to."""
    document = ui_contract.document()
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert {path.split("/")[1] for path in paths} == {"trunkline"}
    for reference in references(document):
        node: object = document
        for part in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            node = node[part]
