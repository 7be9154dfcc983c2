"""Calls through a gateway to the fake provider, each with a marker, and the reckoning at the end."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

from tests.support.checker import Told, reconcile, scan_gateway
from tests.support.gateway import Gateway, Row
from tests.support.provider import Entry, FakeProvider
from tests.support.raw_http import Answer, RawConnection, json_request

ONCE = {"x-litellm-num-retries": "0"}
"""Header of a call that is to be tried at one place once, so that its timing is that of one attempt."""
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
EMBEDDINGS = "/v1/embeddings"

_numbers = itertools.count()


class Trial:
    """Remembers what clients were told; `reckon()` compares it with provider and database."""

    def __init__(self, provider: FakeProvider, gateway: Gateway) -> None:
        self.provider = provider
        self.gateway = gateway
        self.told: list[Told] = []
        self.markers: set[str] = set()
        self.since = len(provider.ledger())
        self.log_since = len(gateway.log())

    def marker(self) -> str:
        """A new name for one call."""
        marker = f"m{os.getpid()}-{next(_numbers)}"
        self.markers.add(marker)
        return marker

    def body(
        self, model: str, marker: str, *, stream: bool = False, path: str = CHAT, **more: object
    ) -> dict[str, object]:
        """A request body of the endpoint."""
        body: dict[str, object] = {"model": model, "user": marker}
        if path.endswith("/embeddings"):
            return body | {"input": "hello"} | more
        body |= {"prompt": "hello"} if path == COMPLETIONS else {"messages": [{"role": "user", "content": "hello"}]}
        if stream:
            body["stream"] = True
        return body | more

    def request(
        self, model: str, marker: str, *, stream: bool = False, path: str = CHAT,
        headers: dict[str, str] | None = None, **more: object,
    ) -> bytes:  # fmt: skip
        """The request as bytes."""
        body = self.body(model, marker, stream=stream, path=path, **more)
        return json_request(path, body, self.gateway.master_key, headers)

    def connect(self, *, timeout: float = 20.0, receive_buffer: int = 0) -> RawConnection:
        """A connection to the gateway."""
        return RawConnection(self.gateway.port, timeout=timeout, receive_buffer=receive_buffer)

    def call(
        self, model: str, *, stream: bool = False, path: str = CHAT, seconds: float = 20.0,
        connection: RawConnection | None = None, headers: dict[str, str] | None = None, **more: object,
    ) -> Told:  # fmt: skip
        """One call, on a connection of its own or on `connection`; whatever comes back is remembered."""
        marker = self.marker()
        data = self.request(model, marker, stream=stream, path=path, headers=headers, **more)
        own = connection or self.connect(timeout=seconds)
        start = time.monotonic()
        try:
            own.send(data)
            answer = own.answer(seconds=seconds)
        finally:
            if connection is None:
                own.close()
        return self.tell(marker, answer, stream=stream, seconds=time.monotonic() - start)

    def tell(self, marker: str, answer: Answer, *, stream: bool, seconds: float = 0.0, gone: bool = False) -> Told:
        """Remember what a client was told."""
        told = Told(marker=marker, answer=answer, stream=stream, seconds=seconds, gone=gone)
        self.told.append(told)
        return told

    def entries(self, marker: str) -> list[Entry]:
        """What the provider saw of a call."""
        return self.provider.entries(marker, self.since)

    def entry(self, marker: str, seconds: float = 5.0) -> Entry:
        """The call's first request at the provider, waiting for it."""
        return self.provider.wait_entry(marker, since=self.since, seconds=seconds)

    def ended(self, marker: str, seconds: float = 5.0) -> Entry:
        """The call's last request at the provider, once it is no longer open."""

        def closed(entries: list[Entry]) -> bool:
            mine = [entry for entry in entries if entry.marker == marker]
            return bool(mine) and mine[-1].ended != "open"

        found = [e for e in self.provider.wait(closed, since=self.since, seconds=seconds) if e.marker == marker]
        assert found, f"the provider saw no request of `{marker}`"
        return found[-1]

    def row(self, marker: str, seconds: float = 8.0) -> Row:
        """The call's row."""
        return self.gateway.row(marker, seconds)

    def wait_idle(self, seconds: float = 5.0) -> None:
        """Wait until the provider has no request open."""
        limit = time.monotonic() + seconds
        while self.provider.counts().open_requests and time.monotonic() < limit:
            time.sleep(0.02)

    def reckon(self, *, seconds: float = 10.0, scan: bool = True, accept: Callable[[str], bool] | None = None) -> None:
        """M02 and K01; raises `AssertionError` with every disagreement."""
        self.wait_idle()
        mine = [entry for entry in self.provider.ledger(self.since) if entry.marker in self.markers]
        wanted = {entry.marker for entry in mine} | {one.marker for one in self.told if one.acknowledged}
        rows = self.gateway.wait_rows(lambda all_: wanted <= {str(row["end_user"]) for row in all_}, seconds)
        wrong = reconcile(mine, [row for row in rows if row["end_user"] in self.markers], self.told)
        if accept is not None:
            wrong = [sentence for sentence in wrong if not accept(sentence)]
        if scan:
            wrong += scan_gateway(self.gateway, [one.answer for one in self.told])
        log = self.gateway.log()[self.log_since :]
        wrong += [f"the log holds `{bad}`" for bad in ("Traceback", "never retrieved", "never awaited") if bad in log]
        if wrong:
            at = log.find("Traceback")
            wrong[20:] = [f"({len(wrong)} in all)", log[at : at + 3000] if at >= 0 else ""]
            raise AssertionError("\n".join([*wrong, *self._state(log)]))

    def _state(self, log: str) -> list[str]:
        """What the gateway says of itself, for the message of a failure."""
        said = [line[:400] for line in log.splitlines() if '"event":"call"' not in line][-30:]
        status = self.gateway.data / "journal" / "shipper.json"
        said.append(status.read_text() if status.exists() else "no shipper.json")
        files = sorted(path for path in self.gateway.data.rglob("*") if path.is_file())
        return [*said, *(f"{path.relative_to(self.gateway.data)}: {path.stat().st_size}" for path in files)]
