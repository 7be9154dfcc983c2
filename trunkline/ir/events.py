"""An answer in pieces: start, then parts (start, deltas, end), then finish and usage; or a failure.

The grammar (checked by `grammar.Checker` over every stream in the tests):

    stream  = Started part* Finished+ UsageSeen* Ended | ... Failed
    part    = PartStarted(index) Delta(index)* PartEnded(index)

Part indexes are unique within a stream and count up from 0 in the order of their start; parts of one choice may overlap
in time (parallel tool calls), and an encoder whose format forbids that holds the later one back. What `PartStarted`
carries counts: a decoder whose format sends a part whole gives it whole there, without deltas (fidelity.md failure 9).
`UsageSeen` may come at any time, several times; the last one counts. `Ended` says that the provider's own end came.
"""

from __future__ import annotations

import msgspec

from trunkline.ir.answer import Finish
from trunkline.ir.failure import Failure
from trunkline.ir.parts import Citation, Native, Opaque, Part
from trunkline.ir.usage import Usage


class Started(msgspec.Struct, kw_only=True, gc=False):
    """The answer begins."""

    id: str = ""
    model: str = ""
    created: int = 0
    service_tier: str = ""
    native: Native | None = None


class PartStarted(msgspec.Struct, kw_only=True, gc=False):
    """A part begins, with what is known of it so far: all of it, or its skeleton."""

    index: int
    part: Part
    choice: int = 0


class TextDelta(msgspec.Struct, gc=False):
    """More text of a `Text` or `Reasoning` part, arguments of a `ToolCall`, or base64 of a `Media` part."""

    index: int
    text: str
    logprobs: object = None


class OpaqueDelta(msgspec.Struct, gc=False):
    """The part's opaque state; a later one replaces an earlier one (fidelity.md failure 12)."""

    index: int
    opaque: Opaque


class CitationDelta(msgspec.Struct, gc=False):
    """One more citation of a `Text` part."""

    index: int
    citation: Citation


class PartEnded(msgspec.Struct, gc=False):
    """A part is complete. `part`, where given, is the whole of it as the provider repeated it: it counts."""

    index: int
    part: Part | None = None


class Finished(msgspec.Struct, kw_only=True, gc=False):
    """A choice is complete."""

    finish: Finish | None
    finish_native: str = ""
    stop_sequence: str = ""
    choice: int = 0
    native: Native | None = None


class UsageSeen(msgspec.Struct, gc=False):
    """What the call consumed so far, all of it (not a difference)."""

    usage: Usage
    native: object = None
    """The provider's own usage object."""


class Ended(msgspec.Struct, gc=False):
    """The provider said that the stream is over."""

    native: Native | None = None


class Failed(msgspec.Struct, gc=False):
    """The stream broke; nothing follows."""

    failure: Failure


class Ping(msgspec.Struct, gc=False):
    """A sign of life that is no progress."""


Event = (
    Started | PartStarted | TextDelta | OpaqueDelta | CitationDelta | PartEnded | Finished | UsageSeen | Ended | Failed
    | Ping
)  # fmt: skip
