"""The corpus against the published LiteLLM proxy: what differs is written down, or it is a bug."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.oracle.compare import rules
from tests.oracle.corpus import cases
from tests.oracle.proxy import PYTHON
from tests.oracle.run import Result, run
from tests.support.gateway import ROOT

PAGE = ROOT / "docs" / "concepts" / "litellm-differences.md"

pytestmark = [
    pytest.mark.clients,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not PYTHON.exists(), reason="LiteLLM is not installed: `make test-clients`"),
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The whole corpus, once; the counts go to the terminal."""
    found = run(tmp_path_factory.mktemp("oracle"), cases())
    print("\n".join(found.lines()))
    return found


def test_nothing_differs_that_is_not_written_down(result: Result) -> None:
    """A new difference fails here, with the request and both values."""
    assert not result.unexpected, "\n".join(result.lines())


def test_nothing_is_written_down_that_does_not_differ(result: Result) -> None:
    """A rule that fits nothing any more goes."""
    assert not result.stale


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    """At least 200 requests, none twice."""
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= 200


def test_every_reason_is_explained_on_the_page(tmp_path: Path) -> None:
    """Each reason's key is a row of the page, and the page has no row without a rule."""
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert rows == {rule.why for rule in rules()}
