"""YAML with places, within limits."""

from __future__ import annotations

import pytest

from trunkline.config.tree import MAX_DEPTH, ListNode, MapNode, TreeError, looks_secret, parse, plain, show


def value(text: str) -> object:
    node = parse(text, "f")
    assert node is not None
    return plain(node)


def test_every_value_and_key_knows_its_line() -> None:
    """Lines count from 1 and are those of the key and of the value, in nested mappings and lists."""
    node = parse("a: 1\nb:\n  - x\n  - c:\n      2\n", "f")
    assert isinstance(node, MapNode)
    listed = node.entries["b"]
    assert isinstance(listed, ListNode)
    inner = listed.items[1]
    assert isinstance(inner, MapNode)
    assert (node.keys["b"].line, listed.items[0].at.line, inner.keys["c"].line, inner.entries["c"].at.line) == (
        2,
        3,
        4,
        5,
    )
    assert inner.entries["c"].at.file == "f"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1", 1), ("-7", -7), ("1_000", 1000), ("0x1f", 31), ("010", 8), ("0", 0),
        ("1.5", 1.5), ("1e-6", 1e-6), ("2.5E3", 2500.0), ("1.", 1.0),
        ("yes", True), ("Off", False), ("TRUE", True), ("~", None), ("null", None), ("", None),
        ("1:30", "1:30"), ("2026-12-01", "2026-12-01"), ("1.2.3", "1.2.3"), ("sk-1234", "sk-1234"), ("-", "-"),
        ("'1'", "1"), ('"yes"', "yes"), ("!!str 1", "1"), ("!!int 1", 1),
    ],
)  # fmt: skip
def test_scalars_are_read_as_yaml_1_1_without_its_surprises(written: str, expected: object) -> None:
    """Numbers, truths and nulls as PyYAML reads them, but `1e-6` is a number and times and dates stay text."""
    if written == "-":
        written = "'-'"
    got = value(f"a: {written}")
    assert got == {"a": expected}
    assert isinstance(got, dict)
    assert type(got["a"]) is type(expected)


def test_anchors_aliases_and_merge_keys_work() -> None:
    """`<<` fills what the mapping does not write itself, from one mapping or from several."""
    text = "x: &x {a: 1, b: 2}\ny: &y {c: 3}\nz:\n  <<: [*x, *y]\n  a: 9\nw: *x\n"
    found = value(text)
    assert isinstance(found, dict)
    assert found["z"] == {"a": 9, "b": 2, "c": 3}
    assert found["w"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, "`a` stands twice"),
        ("a: !!python/object/apply:os.system [x]", 1, "tags that make objects"),
        ("a: !custom x", 1, "tags that make objects"),
        ("a: 1\nb: *nowhere", 2, "no anchor"),
        ("a: &a [*a]", 1, "refers to the value it stands in"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("? [a, b]\n: c", 1, "a key must be"),
        ("a:\n\t- b", 2, "not valid YAML"),
        ("a: b: c", 1, "not valid YAML"),
        ("a: 'x", 1, "not valid YAML"),
        ("a: 1\n<<: 5", 2, "`<<` takes a mapping"),
    ],
)
def test_what_is_no_configuration_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    """Syntax errors, doubled keys, tags and loose aliases name their line and say what to write."""
    with pytest.raises(TreeError) as caught:
        parse(text, "f")
    assert said in caught.value.what
    assert caught.value.line == line
    assert caught.value.instead


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    """Ten levels of ten aliases each would be ten thousand million values."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(TreeError, match="unfolds to more than"):
        parse("\n".join(levels), "f")


def test_nesting_has_a_limit() -> None:
    """A hundred levels pass and two hundred thousand brackets are refused without a stack overflow."""
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f") is not None
    with pytest.raises(TreeError, match="nested deeper"):
        parse("a: " + "[" * 200_000, "f")


def test_an_empty_text_is_none() -> None:
    """Nothing, blanks and comments alone are no configuration."""
    assert parse("", "f") is None
    assert parse("# only a comment\n", "f") is None
    assert parse("---\n", "f") is None


def test_a_name_that_looks_like_a_key_is_not_shown() -> None:
    """Names in messages are shown, credentials that slipped into a name's place are not."""
    assert show("model_list") == "`model_list`"
    assert "sk-proj" not in show("sk-proj-abcdef")
    assert looks_secret("Bearer abc")
    assert not looks_secret("anthropic/claude-sonnet-5-5")
    assert not looks_secret("bartowski/Some-Rather-Long-Model-Name-With-Many-Parts-70B-Instruct-v0.3-GGUF")
