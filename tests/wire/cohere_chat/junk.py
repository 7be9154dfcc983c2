"""Bodies with something wrong in them: one value replaced, taken out, or added, anywhere inside."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 3.5, 10**30, "", "x", [], {}, [None], [1], ["a"], [{}], [[]], {"a": 1}),
    *(
        {"type": "text"},
        {"type": "text", "text": ""},
        {"type": "weird", "z": 1},
        {"type": None},
        "data:image/png;base64,",
    ),
)
NAMES = ("zz", "signature", "type", "content", "name", "index", "role", "id")


def mutations(body: Any, count: int, seed: int) -> Iterator[Any]:
    """`count` bodies that differ from `body` in one place; the same ones for the same `seed`."""
    dice = random.Random(seed)
    places = list(_places(body))
    for _ in range(count):
        mutant = copy.deepcopy(body)
        *way, last = dice.choice(places)
        inside = mutant
        for step in way:
            inside = inside[step]
        match dice.randrange(3):
            case 0:
                inside[last] = copy.deepcopy(dice.choice(VALUES))
            case 1:
                del inside[last]
            case _ if isinstance(inside, dict):
                inside[dice.choice(NAMES)] = copy.deepcopy(dice.choice(VALUES))
            case _:
                inside.append(copy.deepcopy(dice.choice(VALUES)))
        yield mutant


def damaged(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`count` streams with some bytes changed, lost, put in or repeated."""
    dice = random.Random(seed)
    for _ in range(count):
        stream = bytearray(data)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(stream))
            match dice.randrange(4):
                case 0:
                    stream[at] = dice.randrange(256)
                case 1:
                    del stream[at : at + dice.randint(1, 40)]
                case 2:
                    stream[at:at] = dice.randbytes(3)
                case _:
                    stream[at:at] = stream[at : at + 90]
        yield bytes(stream)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*way, step)
        yield from _places(inner, (*way, step))
