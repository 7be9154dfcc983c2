"""Which deployments a call may use, in which order."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.pipeline.parts import deployment, snapshot
from trunkline.config.snapshot import Alias, Deployment, RouterSettings
from trunkline.routing.plan import MAX_WILDCARD_NAMES, Routes
from trunkline.telemetry.stats import Stats


def routes(*deployments: Deployment, stats: Stats | None = None, **router: object) -> Routes:
    """Routes of a configuration."""
    return Routes(snapshot(*deployments, router=RouterSettings(**router)), stats or Stats())  # type: ignore[arg-type]  # the test names fields


def found(table: Routes, name: str) -> list[str] | None:
    """Upstream models of a name."""
    group = table.find(name)
    return None if group is None else [d.model for d in group.ready]


def test_exact_names_go_before_wildcards() -> None:
    """A name that is written out is not matched by a pattern."""
    table = routes(deployment("gpt-*", "x-*"), deployment("gpt-4", "exact"))
    assert found(table, "gpt-4") == ["exact"]
    assert found(table, "gpt-5") == ["x-5"]
    assert found(table, "other") is None


def test_what_a_star_stood_for_fills_the_model() -> None:
    """The captured text goes upstream, in order where there are several stars."""
    table = routes(deployment("acme/*", "*"), deployment("a/*/b/*", "up-*-*"), deployment("fixed/*", "always"))
    assert found(table, "acme/claude-3.5:beta") == ["claude-3.5:beta"]
    assert found(table, "a/1/b/2") == ["up-1-2"]
    assert found(table, "fixed/x") == ["always"]
    assert table.find("acme/") is not None


def test_the_most_specific_pattern_wins() -> None:
    """The pattern with the longest fixed part, whatever the order in the file."""
    table = routes(deployment("*", "any"), deployment("gpt-*", "gpt"), deployment("gpt-4*", "four"))
    assert (found(table, "gpt-4o"), found(table, "gpt-3"), found(table, "x")) == (["four"], ["gpt"], ["any"])


@pytest.mark.parametrize("name", ["gpt.4", "gpt-4.1", "gpt-4\n", "GPT-4.5", "[a]", "a?b", "(x)", "a+b"])
def test_only_the_star_is_special(name: str) -> None:
    """Dots, brackets, question marks and line ends in a name stand for themselves."""
    table = routes(deployment("gpt-4.*", "v-*"), deployment("n", "n"))
    assert found(table, name) == (["v-1"] if name == "gpt-4.1" else None)
    written = routes(deployment(f"{name}*", "v-*"))
    assert found(written, f"{name}!") == ["v-!"]


def test_invented_names_do_not_fill_the_memory() -> None:
    """Names resolved through a wildcard are remembered up to a limit."""
    table = routes(deployment("*", "*"))
    for number in range(3 * MAX_WILDCARD_NAMES):
        table.find(f"m{number}")
    assert len(table._wild) <= MAX_WILDCARD_NAMES


def test_aliases() -> None:
    """An alias leads to its group, never hides a real one, and a hidden one is not listed."""
    aliases = {
        "fast": Alias(target="small"),
        "secret": Alias(target="small", hidden=True),
        "big": Alias(target="small"),
    }
    table = routes(deployment("small"), deployment("big", "b"), aliases=aliases)
    assert found(table, "fast") == found(table, "secret") == ["m-1"]
    assert found(table, "big") == ["b"]
    assert set(table.names()) == {"small", "big", "fast"}


def test_an_unavailable_deployment_is_known_and_not_used() -> None:
    """A group whose deployments all lack a key says why; one with a good one left uses that."""
    gone = deployment("g", "gone", target=None, unavailable="set `ACME_KEY`")
    only = routes(gone).find("g")
    assert only is not None
    assert (only.ready, only.why_not) == ((), "set `ACME_KEY`")
    assert found(routes(gone, deployment("g", "here")), "g") == ["here"]


def test_order_decides_first() -> None:
    """Lower `order` goes first, whatever the weights."""
    table = routes(deployment("g", "b", order=2, weight=100), deployment("g", "a", order=1, weight=1))
    group = table.find("g")
    assert group is not None
    assert all([d.model for d in table.order(group, 0.0)] == ["a", "b"] for _ in range(50))


def test_weights_share_the_calls() -> None:
    """9 to 1 sends about nine tenths to the first; no weight at all shares evenly; weight 0 beside others gets none."""
    for weights, share in (((9, 1), 0.9), ((None, None), 0.5), ((1, 0), 1.0)):
        table = routes(*(deployment("g", f"m{at}", weight=w) for at, w in enumerate(weights)))
        group = table.find("g")
        assert group is not None
        firsts = Counter(table.order(group, 0.0)[0].model for _ in range(2000))
        assert abs(firsts["m0"] / 2000 - share) < 0.05, weights


def test_a_cooled_deployment_goes_last_until_its_time_is_over() -> None:
    """Cooling beats `order`; it ends by itself."""
    stats = Stats()
    table = routes(deployment("g", "a", order=1), deployment("g", "b", order=2), stats=stats)
    group = table.find("g")
    assert group is not None
    stats.deployment("g/a").cooled_until = 10.0
    assert [d.model for d in table.order(group, 9.9)] == ["b", "a"]
    assert [d.model for d in table.order(group, 10.0)] == ["a", "b"]


def test_fallbacks() -> None:
    """The group's own chain, else the default one, without itself, without what cannot be called, not too many."""
    gone = deployment("gone", target=None, unavailable="no key")
    table = routes(
        *(deployment(name, name) for name in "abcd"), gone,
        fallbacks={"a": ("a", "gone", "b", "nowhere", "c", "d"), "*": ("d",)}, max_fallbacks=5,
    )  # fmt: skip
    assert [g.name for g in table.fallbacks("a")] == ["b", "c"]
    assert [g.name for g in table.fallbacks("b")] == ["d"]
    assert list(table.fallbacks("d")) == []
