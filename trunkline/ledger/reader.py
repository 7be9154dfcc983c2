"""Reading journals: folders, segments, frames. Only ever reads; `ledger/journal.py` says what is on disk."""

from __future__ import annotations

import fcntl
import os
import struct
import time
import zlib
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec

from trunkline.ledger.record import CALL, INTENT, PRICE, CallRecord, Intent, PriceRecord
from trunkline.ledger.salvage import salvage

MAGIC: Final = b"TLJ1"
HEADER: Final = struct.Struct("<4sIQ")
FRAME: Final = struct.Struct("<II")
MAX_FRAME: Final = 16 * 1024 * 1024
"""No record is longer; a length above it is damage."""
CHUNK_BYTES: Final = 112 * 1024
"""Below malloc's threshold for mapping: a fresh mapping per read costs more in page faults than the read itself."""
UNBORN_SECONDS: Final = 60.0
"""A folder without a segment belongs to a worker that is starting, until it is this old."""

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)
_call: Final = msgspec.msgpack.Decoder(CallRecord)
_intent: Final = msgspec.msgpack.Decoder(Intent)
_price: Final = msgspec.msgpack.Decoder(PriceRecord)


class Stop(Enum):
    """Why reading ended."""

    END = auto()
    """Nothing was written beyond."""
    TORN = auto()
    """A frame that is not whole: still being written, or damaged."""
    MORE = auto()
    """The limit of the batch, or of the buffer."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """A place in a journal."""

    segment: int
    position: int
    """Bytes from the start of the segment's file."""
    created: int
    """The segment's creation from its header, microseconds; 0 where nothing of it was read yet."""


@dataclass(slots=True, kw_only=True)
class Frames:
    """What a stretch of a segment held."""

    calls: list[CallRecord] = field(default_factory=list[CallRecord])
    prices: list[PriceRecord] = field(default_factory=list[PriceRecord])
    intents: list[Intent] = field(default_factory=list[Intent])
    """Only where they were asked for."""
    unreadable: list[bytes] = field(default_factory=list[bytes])
    """Payloads whose checksum is right and whose content this version cannot read."""
    salvaged: int = 0
    position: int = 0
    """Bytes after the last whole frame."""
    stop: Stop = Stop.END


def parse(buffer: bytes, frames: Frames, *, max_calls: int, intents: bool = False) -> None:
    """Read whole frames from the front of `buffer` into `frames`, which stands at the buffer's first byte."""
    view = memoryview(buffer)
    size = len(buffer)
    unpack, crc32, decode = FRAME.unpack_from, zlib.crc32, _call.decode
    add, left = frames.calls.append, max(0, max_calls - len(frames.calls))
    at, call, intent = 0, CALL[0], INTENT[0]
    stop = Stop.MORE
    while at + 8 <= size:
        length, checksum = unpack(buffer, at)
        if length == 0:
            # Never a whole frame: a payload has its kind. With a checksum it is a length not written yet.
            stop = Stop.END if checksum == 0 else Stop.TORN
            break
        end = at + 8 + length
        if length > MAX_FRAME:
            stop = Stop.TORN
            break
        if end > size:
            break
        if not left:
            break
        if crc32(view[at + 8 : end]) != checksum:
            stop = Stop.TORN
            break
        kind = buffer[at + 8]
        if kind == call:
            try:
                add(decode(view[at + 9 : end]))
            except _UNREADABLE:
                _rescue(frames, buffer[at + 8 : end])
            left -= 1
        elif kind != intent or intents:
            _other(frames, buffer[at + 8 : end])
        at = end
    frames.position += at
    frames.stop = stop


def _other(frames: Frames, payload: bytes) -> None:
    try:
        if payload[:1] == INTENT:
            frames.intents.append(_intent.decode(payload[1:]))
        elif payload[:1] == PRICE:
            frames.prices.append(_price.decode(payload[1:]))
        else:
            frames.unreadable.append(payload)
    except _UNREADABLE:
        _rescue(frames, payload)


def _rescue(frames: Frames, payload: bytes) -> None:
    body = payload[1:]
    match payload[:1]:
        case b"C" if (call := salvage(body, CallRecord)) is not None:
            frames.calls.append(call)
        case b"I" if (intent := salvage(body, Intent)) is not None:
            frames.intents.append(intent)
        case b"P" if (price := salvage(body, PriceRecord)) is not None:
            frames.prices.append(price)
        case _:
            frames.unreadable.append(payload)
            return
    frames.salvaged += 1


class Segment:
    """One file of a journal, open for reading."""

    __slots__ = ("_fd", "created", "number")

    def __init__(self, path: Path) -> None:
        self.number = int(path.stem)
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        head = os.pread(self._fd, HEADER.size, 0)
        magic, _, created = HEADER.unpack(head) if len(head) == HEADER.size else (b"", 0, 0)
        self.created: int = created if magic == MAGIC else 0
        """From the header; 0 where that is damaged. Each frame has its own checksum, so they are read all the same."""

    def idle(self, position: int) -> bool:
        """Tell with one small read whether nothing follows `position`."""
        head = os.pread(self._fd, FRAME.size, position)
        return len(head) < FRAME.size or head == b"\0\0\0\0\0\0\0\0"

    def read(self, position: int, *, max_calls: int, max_bytes: int, intents: bool = False) -> Frames:
        """Read frames from `position` on, at most about this many calls and bytes."""
        frames = Frames(position=position)
        want = CHUNK_BYTES
        while frames.position - position < max_bytes:
            at = frames.position
            buffer = os.pread(self._fd, want, at)
            parse(buffer, frames, max_calls=max_calls, intents=intents)
            if frames.stop is not Stop.MORE or len(frames.calls) >= max_calls:
                break
            if len(buffer) < want:
                # The file ends here: within a frame it is torn; with less than a frame's head left it is full.
                rest = len(buffer) - (frames.position - at)
                frames.stop = Stop.TORN if rest >= FRAME.size else Stop.END
                break
            want = CHUNK_BYTES if frames.position > at else want * 4
        return frames

    def skip(self, position: int, max_bytes: int) -> int:
        """Return the end of the frames that follow `position`, by their lengths alone, or of `max_bytes` of them."""
        buffer = os.pread(self._fd, max_bytes, position)
        at, size = 0, len(buffer)
        while at + 8 <= size:
            length = int.from_bytes(buffer[at : at + 4], "little")
            if length == 0 or length > MAX_FRAME or at + 8 + length > size:
                break
            at += 8 + length
        return position + at

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


class JournalFolder:
    """One worker's journal, as the shipper sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.worker_id = path.name
        self._place = str(path)
        self._lock = -1
        self._dead = False
        self._segment: Segment | None = None

    def numbers(self) -> list[int]:
        """The segments there are, ascending."""
        try:
            names = [entry.name for entry in os.scandir(self.path)]
        except OSError:
            return []
        return sorted(int(name[:-4]) for name in names if name.endswith(".tlj") and name[:-4].isdigit())

    def file(self, number: int) -> Path:
        """The path of a segment."""
        return self.path / f"{number:06d}.tlj"

    def segment(self, number: int) -> Segment | None:
        """Open a segment, or return the one that is open; `None` where it is gone."""
        if self._segment is not None and self._segment.number == number:
            return self._segment
        self.forget()
        try:
            self._segment = Segment(self.file(number))
        except OSError:
            return None
        return self._segment

    def succeeded(self, number: int) -> bool:
        """The next segment exists, so that nothing is added to this one any more. Ask before reading, not after."""
        return os.path.exists(f"{self._place}/{number + 1:06d}.tlj")  # noqa: PTH110 four times a second for each worker

    def take_if_dead(self) -> bool:
        """Tell whether the worker is dead, and keep its lock then, so that nobody else adopts the folder."""
        if self._dead:
            return True
        try:
            if self._lock < 0:
                self._lock = os.open(f"{self._place}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        self._dead = True
        return True

    def unborn(self) -> bool:
        """No segment yet and young: its worker is between making the folder and taking the lock."""
        if self.numbers():
            return False
        try:
            return time.time() - self.path.stat().st_mtime < UNBORN_SECONDS
        except OSError:
            return True

    def load(self) -> float:
        """Share of the last second that the worker was busy; 0 where it does not say, or said so long ago."""
        path = self.path / "load"
        try:
            if time.time() - path.stat().st_mtime > 5.0:
                return 0.0
            return float(path.read_text("ascii"))
        except (OSError, ValueError):
            return 0.0

    def last_sign_of_life(self) -> int:
        """When the worker last wrote anything, microseconds since 1970 UTC."""
        latest = 0
        for name in ("load", *(f"{number:06d}.tlj" for number in self.numbers()[-1:])):
            try:
                latest = max(latest, (self.path / name).stat().st_mtime_ns // 1000)
            except OSError:
                continue
        return latest

    def forget(self) -> None:
        """Close the segment that is open."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def release(self) -> None:
        """Close everything, the lock too."""
        self.forget()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            self._dead = False


def folders(root: Path) -> list[str]:
    """Names of the journals under `<data>/journal`."""
    try:
        with os.scandir(root) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
