"""Former master keys: how long each is still let in, and what is said of its use."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final

import msgspec

from trunkline.config.snapshot import PreviousKey

GRACE_SECONDS: Final = 24 * 3600.0
"""How long a former key without a stated end is let in, from when it was first seen as one."""
WARN_SECONDS: Final = 3600.0
"""Between two warnings that a former key is still in use."""
FILE: Final = "former-keys.json"
"""In the data folder: SHA-256 of a former key -> when it was first seen as one, wall clock seconds."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key that is let in until an instant."""

    digest: bytes
    """SHA-256 of it."""
    until: float
    """Wall clock seconds."""

    @property
    def notice(self) -> bytes:
        """The line of every answer to it: `x-trunkline-key-expires` and an HTTP date."""
        return b"x-trunkline-key-expires: %b\r\n" % formatdate(self.until, usegmt=True).encode()


def settle(previous: Sequence[PreviousKey], data: Path, *, now: float | None = None) -> tuple[FormerKey, ...]:
    """Give each former key its end.

    One without a stated end has a day from when it was first seen, which the data folder remembers: a restart does not
    begin the day anew. What is no longer configured is forgotten. Where the folder refuses, the day begins now.
    """
    digests = [hashlib.sha256(each.key.reveal().encode()).digest() for each in previous]
    open_ended = [digest.hex() for digest, each in zip(digests, previous, strict=True) if each.until is None]
    seen = _first_seen(open_ended, data, now) if open_ended or (data / FILE).exists() else {}
    return tuple(
        FormerKey(digest, seen[digest.hex()] + GRACE_SECONDS if each.until is None else each.until)
        for digest, each in zip(digests, previous, strict=True)
    )


def _first_seen(names: Sequence[str], data: Path, now: float | None) -> dict[str, float]:
    with _locked(data):  # workers start together: the sight of the first is everybody's
        moment = time.time() if now is None else now
        known = _read(data / FILE)
        seen = {name: min(known.get(name, moment), moment) for name in names}
        if seen != known:
            _write(data / FILE, seen)
    return seen


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Alone with the file, among the workers of this data folder. A folder that refuses is said by `_write`."""
    try:
        lock = os.open(data / f".{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _read(path: Path) -> dict[str, float]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        _log.warning("`%s` cannot be read (%s): former keys without a stated end have a day from now", path, error)
        return {}


def _write(path: Path, seen: dict[str, float]) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        if not seen:
            path.unlink(missing_ok=True)
            return
        temporary.write_bytes(msgspec.json.encode(seen))
        temporary.chmod(0o600)
        temporary.replace(path)
    except OSError as error:
        _log.warning("`%s` cannot be written (%s): after a restart the day of a former key begins anew", path, error)


class Usage:
    """Counts the uses of former keys, and warns of them once an hour; the key itself is never printed."""

    def __init__(self) -> None:
        self._told: dict[bytes, tuple[float, int]] = {}
        self._counts: dict[bytes, int] = {}

    def count(self, key: FormerKey, *, now: float | None = None) -> None:
        """Take one use."""
        self._counts[key.digest] = count = self._counts.get(key.digest, 0) + 1
        moment = time.monotonic() if now is None else now
        told_at, told = self._told.get(key.digest, (-WARN_SECONDS, 0))
        if moment - told_at < WARN_SECONDS:
            return
        self._told[key.digest] = (moment, count)
        _log.warning(
            "a former master key is still in use (%d more times; SHA-256 %s...): it is refused from %s on",
            count - told,
            key.digest.hex()[:12],
            formatdate(key.until, usegmt=True),
        )

    def forget_all_but(self, keys: Iterable[FormerKey]) -> None:
        """Drop what is known of keys that are configured no more."""
        kept = {key.digest for key in keys}
        self._counts = {digest: count for digest, count in self._counts.items() if digest in kept}
        self._told = {digest: told for digest, told in self._told.items() if digest in kept}
