"""How one deployment is spoken to, where it is not OpenAI's bytes passed through.

A `Way` turns the client's body into the provider's and the provider's answer into the client's. `same.SameFormat`
passes bytes and watches, `translate.Translation` decodes and encodes, `small.SmallWay` serves embeddings and the like.
OpenAI's own format on both sides has no way at all: `Prepared.way` is `None` and the call takes the fast path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

import msgspec

from trunkline.ir import Usage
from trunkline.ir.failure import Failure
from trunkline.ir.request import Request
from trunkline.pipeline.heads import in_path, request_head
from trunkline.pipeline.request import Sent
from trunkline.profiles.adapt import Fetched

if TYPE_CHECKING:
    from trunkline.pipeline.call import Call
    from trunkline.pipeline.continued import Turns
    from trunkline.upstream import Headers
    from trunkline.wire.replicate.job import Job


class Whole(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer: the client's bytes, and what the ledger wants to know of it."""

    body: bytes
    content_type: bytes = b"application/json"
    usage: Usage | None = None
    model: str = ""
    provider_id: str = ""
    finish_reason: str = ""
    losses: tuple[str, ...] = ()
    streamed: bool = False
    """Where a stream was asked for, `body` is it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The answer is not ready: ask for it (a prediction that is still at work)."""

    request: bytes
    """Head and body of the next request, to the same origin."""
    wait_seconds: float


class StreamRelay(Protocol):
    """One stream on its way through: bytes from the provider in, bytes for the client out, facts on the side."""

    done: bool
    """The provider's end has come."""
    progressed: bool
    """The last `feed` held something of the answer, not only signs of life."""
    error: bytes
    """Not empty: the provider reported an error inside the stream."""
    malformed: bool
    failure: Failure | None
    """The same, read; `None` where the relay does not read errors (`error` holds the bytes)."""
    events: int
    finish_reason: str
    model: str
    provider_id: str
    usage: Usage | None

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the provider; return what may go to the client.

        Raises:
            EventTooLong: an event without end.
        """

    def close(self, *, needs_marker: bool) -> bytes | None:
        """The provider closed: the last bytes for the client; `None` where the stream was cut."""

    def estimated_output(self) -> int:
        """Tokens produced so far, where the provider did not say."""

    def failed(self, failure: Failure) -> bytes | None:
        """The error event in the client's format; `None` where the relay does not write."""


class Carried:
    """What a way carries along in a call; made for calls that have a way."""

    __slots__ = (
        "body", "decoded", "fetched", "head", "job", "keeps", "method", "path", "polls", "schema_tool", "small",
        "strict", "turns",
    )  # fmt: skip

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        """What would be lost is an error."""
        self.body = b""
        """The body that leaves, for signing."""
        self.decoded: Request | None = None
        """The client's request, read."""
        self.fetched: dict[str, Fetched] = {}
        """What URLs in it held."""
        self.polls = 0
        """How often an answer was asked for again."""
        self.schema_tool = False
        """The answer comes as the call of a tool that the adapter added."""
        self.job: Job | None = None
        """The prediction under way, where answers are made as jobs."""
        self.small: object = None
        """The client's request of an operation that is no conversation, read."""
        self.head = b""
        """The head to send instead of the prepared one, where this request's differs."""
        self.path = ""
        """The path in it."""
        self.keeps = False
        """The answer is to be stored (`remember`)."""
        self.turns: Turns | None = None
        """The stored conversation that the request goes on from."""
        self.method = "POST"
        """The method in it."""

    @property
    def bare(self) -> bool:
        """There is no body, and the method does not lead anybody to expect one: no length is sent (RFC 9110, 8.6)."""
        return not self.body and self.method in ("GET", "DELETE")

    def shape(self, call: Call, path: str, query: Sequence[tuple[str, str]], content_type: str, accept: str) -> None:
        """Give this request a head of its own."""
        deployment = call.prepared.deployment
        asked = urlencode(query)
        whole = path + ("&" if "?" in path else "?") + asked if asked else path
        self.head = request_head(deployment, whole, content_type, accept)
        self.path = in_path(whole, deployment.model)


class Way(Protocol):
    """How to speak with one deployment."""

    stream_type: bytes
    """What the `content-type` of the provider's streams begins with; empty: this way has no streams."""
    client_stream_type: bytes
    """The `content-type` of the client's; empty: the provider's."""

    def request(self, call: Call, carried: Carried) -> Sent:
        """The body that leaves.

        Raises:
            Refused: the request cannot be served by this deployment; says why, for the client.
            Fetch: something must be fetched first.
        """

    def whole(
        self, call: Call, carried: Carried, status: int, headers: Headers, body: bytes
    ) -> Whole | Again | Failure:
        """A whole answer with a status below 300; `Failure` where it is none."""

    def relay(self, call: Call, carried: Carried) -> StreamRelay:
        """For one stream."""

    def restream(self, call: Call, carried: Carried, whole: bytes) -> StreamRelay | None:
        """For a provider that answered whole where a stream was asked for: a relay that has read it all and whose
        `feed(b"")` gives the client its stream. `None` where that cannot be done.
        """

    def failure(self, status: int, body: bytes) -> tuple[Failure, bytes]:
        """A provider's error answer, and the body that the client gets; empty: ours is made from the failure."""


class Refused(Exception):
    """The request cannot be served by this deployment; nothing was sent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Fetch(Exception):
    """These URLs stand in the request and the target wants what they hold inline."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        super().__init__(f"{len(urls)} URLs to fetch")
        self.urls = urls
