"""Vectors as numbers and as base64 of their packed form.

OpenAI's SDK asks for base64 unless told otherwise, and most hosts give numbers. Packed floats are little-endian
float32, one-byte kinds are one byte each (checked against recordings: 1536 floats in 8,192 characters, 256 `int8` in
344). A packed float becomes the double of exactly its value, so that packing it again gives the same bytes.
"""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from binascii import Error
from math import isfinite
from typing import Final

from trunkline.ir.losses import BadShape
from trunkline.ir.small import Numbers

_CODES: Final = {"float": "f", "int8": "b", "binary": "b", "uint8": "B", "ubinary": "B", "base64": "f"}
_SWAP: Final = sys.byteorder == "big"


def pack(numbers: list[float], kind: str = "float") -> str:
    """Base64 of the packed numbers.

    Raises:
        ValueError: a number does not fit its kind.
    """
    try:
        packed: array[float] = array(_CODES.get(kind, "f"), numbers)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"a vector of kind `{kind}` holds a number that does not fit it") from error
    if not isfinite(sum(packed)):  # 1e300 becomes infinity in silence; a sum shows it, and is quick
        raise ValueError(f"a vector of kind `{kind}` holds a number that does not fit it")
    if _SWAP:
        packed.byteswap()
    return b64encode(packed).decode("ascii")


def unpack(text: str, kind: str = "float") -> list[float]:
    """The numbers of a packed vector.

    Raises:
        ValueError: the text is no base64 of whole numbers of that kind, or one of them is infinite or not a number.
    """
    numbers: array[float] = array(_CODES.get(kind, "f"))
    try:
        numbers.frombytes(b64decode(text, validate=True))
    except (Error, ValueError) as error:
        raise ValueError(f"a packed vector is no base64 of `{kind}` numbers") from error
    if _SWAP:
        numbers.byteswap()
    if not isfinite(sum(numbers)):  # JSON has no infinity and no NaN
        raise ValueError("a packed vector holds what is no number")
    return numbers.tolist()


def read(value: object, path: str) -> Numbers:
    """A vector as JSON has it: a list of nothing but numbers, or a string (its base64 is not looked into).

    Raises:
        BadShape: it is something else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        try:
            array("d", value)  # looks at every number, in C
        except (TypeError, OverflowError, ValueError):
            pass
        else:
            return value
    raise BadShape(path, "must be a list of numbers, or base64")


def as_numbers(vector: Numbers, kind: str = "float") -> list[float]:
    """The vector as numbers.

    Raises:
        BadShape: it is packed, and broken.
    """
    if isinstance(vector, list):
        return vector
    try:
        return unpack(vector, kind)
    except ValueError as error:
        raise BadShape("", str(error)) from error


def as_base64(vector: Numbers, kind: str = "float") -> str:
    """The vector packed.

    Raises:
        BadShape: a number does not fit its kind.
    """
    if isinstance(vector, str):
        return vector
    try:
        return pack(vector, kind)
    except ValueError as error:
        raise BadShape("", str(error)) from error
