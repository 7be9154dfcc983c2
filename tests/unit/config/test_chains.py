"""Aliases and fallbacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.written import notes, problems, read
from trunkline.config.snapshot import Alias

MODELS = "model_list:\n" + "".join(
    f"- {{model_name: '{name}', litellm_params: {{model: 'openai/{name}', api_key: sk-0123456789}}}}\n"
    for name in ("a", "b", "c", "groq/*")
)


def test_fallbacks_from_both_sections(tmp_path: Path) -> None:
    """LiteLLM's list of mappings, in either section; the router's entry for a name wins; `*` is the default chain."""
    text = MODELS + (
        "litellm_settings: {fallbacks: [{a: [b]}, {c: [a]}], default_fallbacks: [c]}\n"
        "router_settings: {fallbacks: [{a: [{model: c}, b]}]}\n"
    ).replace("{c: [a]}", "{b: [c]}")
    snapshot = read(tmp_path, text)
    assert dict(snapshot.router.fallbacks) == {"a": ("c", "b"), "b": ("c",), "*": ("c",)}


def test_aliases_plain_and_hidden(tmp_path: Path) -> None:
    """`model_group_alias` in both its forms, `model_alias_map` below it."""
    text = MODELS + (
        "litellm_settings: {model_alias_map: {x: a, y: b}}\n"
        "router_settings: {model_group_alias: {x: {model: c, hidden: true}, z: groq/llama}}\n"
    )
    aliases = read(tmp_path, text).router.aliases
    assert dict(aliases) == {
        "x": Alias(target="c", hidden=True),
        "y": Alias(target="b"),
        "z": Alias(target="groq/llama"),
    }


def test_fallbacks_may_name_aliases_and_wildcards(tmp_path: Path) -> None:
    """What a wildcard or an alias serves is a model of the file."""
    text = MODELS + "router_settings: {fallbacks: [{a: [nick, groq/any]}], model_group_alias: {nick: b}}\n"
    assert dict(read(tmp_path, text).router.fallbacks) == {"a": ("nick", "groq/any")}


def test_an_unknown_fallback_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    """A safety net with a hole is found at start, not in the night it is needed."""
    text = (
        MODELS.replace("'b'", "'claude-3-opus'")
        + "router_settings:\n  fallbacks:\n    - a: [c,\n         claude-3-opsu]\n"
    )
    (problem,) = problems(tmp_path, text)
    assert problem.line == 9
    assert "`claude-3-opsu`" in problem.what
    assert problem.instead == "did you mean `claude-3-opus`?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("router_settings: {fallbacks: [{a: [b]}, {b: [c]}, {c: [a]}]}", "`a` -> `b` -> `c` -> `a`"),
        ("router_settings: {fallbacks: [{a: [a]}]}", "`a` -> `a`"),
        ("router_settings: {model_group_alias: {x: y, y: x}}", "`x` -> `y` -> `x`"),
        (
            "litellm_settings: {model_alias_map: {x: y}}\nrouter_settings: {model_group_alias: {y: x}}",
            "`x` -> `y` -> `x`",
        ),
    ],
)
def test_circles_are_refused_once(tmp_path: Path, text: str, said: str) -> None:
    """The circle is written out, and said one time only."""
    (problem,) = problems(tmp_path, MODELS + text)
    assert said in problem.what
    assert problem.line in {6, 7}
    assert problem.instead


def test_two_ways_to_one_model_are_no_circle(tmp_path: Path) -> None:
    """A diamond ends; so does the default chain, which its own members may fall back to."""
    text = MODELS + "router_settings: {fallbacks: [{a: [b, c]}, {b: [c]}], default_fallbacks: [b, c]}"
    assert read(tmp_path, text).router.fallbacks["*"] == ("b", "c")


def test_a_loose_alias_or_source_is_a_warning(tmp_path: Path) -> None:
    """LiteLLM starts with them; so does this, and says what they lead to."""
    text = MODELS + "router_settings: {model_group_alias: {x: gone}, fallbacks: [{missing: [a]}]}"
    said = notes(read(tmp_path, text), "warning")
    assert any("`x` leads to `gone`" in note for note in said)
    assert any("written for `missing`" in note for note in said)


def test_a_model_that_is_wrong_does_not_make_its_fallback_wrong(tmp_path: Path) -> None:
    """One mistake is one problem: the name of a broken entry still counts as a model."""
    text = MODELS + "- {model_name: d, litellm_params: {model: ''}}\nrouter_settings: {fallbacks: [{a: [d]}]}"
    (problem,) = problems(tmp_path, text)
    assert "`model` is empty" in problem.what


def test_a_long_chain_needs_no_deep_stack(tmp_path: Path) -> None:
    """Five thousand aliases in a row are followed without recursion."""
    names = ", ".join(f"n{i}: n{i + 1}" for i in range(5000))
    text = MODELS + f"router_settings: {{model_group_alias: {{{names}, n5000: a}}}}"
    assert len(read(tmp_path, text).router.aliases) == 5001


def test_a_fallback_with_parameters_is_used_by_its_name(tmp_path: Path) -> None:
    """LiteLLM's dict targets: the model is tried, the parameters are named as without effect."""
    text = MODELS + "router_settings: {fallbacks: [{a: [{model: b, temperature: 0}]}]}"
    snapshot = read(tmp_path, text)
    assert dict(snapshot.router.fallbacks) == {"a": ("b",)}
    assert "its `model` alone is used" in notes(snapshot, "unimplemented")[0]
