"""`multipart/form-data` (RFC 7578, boundaries of RFC 2046) without I/O: a strict, bounded reader, and a writer.

Read is what an upload of one audio file or a few images needs: fields, and files as slices of the body. Everything
that RFC 7578 does not have is refused, because what two readers understand differently is how a file gets past one of
them: a preamble, an epilogue, a bare LF, folded headers, content-transfer-encoding, a field without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

import msgspec

from trunkline.ir.losses import BadShape

MAX_PARTS: Final = 256
"""OpenAI's largest form has about thirty fields; sixteen images may be edited at once."""
MAX_HEAD: Final = 8 * 1024
"""Bytes of one part's header."""
MAX_BOUNDARY: Final = 70
"""RFC 2046, section 5.1.1."""
MAX_FIELD: Final = 1024 * 1024
"""Bytes of one part that is no file: prompts are text."""

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046's `bchars`; it must not end in a space."""
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAMETER: Final = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*')


class Part(msgspec.Struct, kw_only=True, gc=False):
    """One field or file."""

    name: str
    data: memoryview | bytes
    filename: str | None = None
    """`None`: a field; a file may have an empty one."""
    content_type: str = ""

    def text(self) -> str:
        """The value of a field.

        Raises:
            BadShape: it is not UTF-8.
        """
        try:
            return str(self.data, "utf-8")
        except UnicodeDecodeError as error:
            raise BadShape(self.name, "must be text in UTF-8") from error


class Form(msgspec.Struct, kw_only=True):
    """A body that was read."""

    body: bytes
    boundary: str
    parts: list[Part]
    spans: list[tuple[int, int]]
    """Where in `body` each part's value stands."""

    def fields(self, name: str) -> list[str]:
        """Values of every field of that name."""
        return [part.text() for part in self.parts if part.name == name and part.filename is None]

    def field(self, name: str) -> str | None:
        """Value of the field, or `None`.

        Raises:
            BadShape: it came several times.
        """
        found = self.fields(name)
        if len(found) > 1:
            raise BadShape(name, "must be given once")
        return found[0] if found else None

    def with_field(self, name: str, value: str) -> bytes:
        """The body with another value in a field that it has, and every other byte as it was.

        Raises:
            BadShape: the form has no such field, or several, or the value holds the boundary.
        """
        found = [span for part, span in zip(self.parts, self.spans, strict=True) if _is(part, name)]
        if len(found) != 1:
            raise BadShape(name, "must be given once")
        coded = value.encode()
        if self.boundary.encode("ascii") in coded:
            raise BadShape(name, "must not hold the boundary of the form")
        start, end = found[0]
        return b"".join((self.body[:start], coded, self.body[end:]))


def boundary_of(content_type: str) -> str | None:
    """The boundary, where the content type is `multipart/form-data` with one valid boundary."""
    kind, _, _ = content_type.partition(";")
    if kind.strip().lower() != "multipart/form-data":
        return None
    try:
        found = dict(_parameters(content_type.rstrip(), len(kind))).get("boundary", "")
    except BadShape:
        return None
    return found if 0 < len(found) <= MAX_BOUNDARY and _BOUNDARY.fullmatch(found) else None


def is_form(content_type: str) -> bool:
    """The content type says `multipart/form-data`, whether its boundary is good or not."""
    return content_type.lstrip().lower().startswith("multipart/form-data")


def parse(body: bytes, content_type: str) -> Form:
    """Read a whole body; files are not copied.

    Raises:
        BadShape: it is no `multipart/form-data`, is cut short, or passes a limit.
    """
    boundary = boundary_of(content_type)
    if boundary is None:
        raise BadShape("content-type", "must be `multipart/form-data` with a boundary")
    mark = b"--" + boundary.encode("ascii")
    if not body.startswith(mark):
        raise BadShape("", "the form must begin with its boundary")
    view, parts, spans = memoryview(body), list[Part](), list[tuple[int, int]]()
    at = len(mark)
    while not body.startswith(b"--", at):
        if len(parts) == MAX_PARTS:
            raise BadShape("", f"the form has more than {MAX_PARTS} parts")
        if not body.startswith(b"\r\n", at):
            raise BadShape("", "a boundary of the form is not followed by a line end")
        head_end = body.find(b"\r\n\r\n", at, at + MAX_HEAD)
        if head_end < 0:
            raise BadShape("", f"a part of the form has no header of at most {MAX_HEAD} bytes")
        start = head_end + 4
        end = body.find(b"\r\n" + mark, start)
        if end < 0:
            raise BadShape("", "the form is cut short: its last boundary is missing")
        part = _part(body[at + 2 : head_end], view[start:end])
        if part.filename is None and end - start > MAX_FIELD:
            raise BadShape(part.name, f"must not have more than {MAX_FIELD} bytes")
        parts.append(part)
        spans.append((start, end))
        at = end + 2 + len(mark)
    if body[at + 2 :] not in (b"", b"\r\n"):
        raise BadShape("", "the form has something behind its last boundary")
    return Form(body=body, boundary=boundary, parts=parts, spans=spans)


def emit(parts: Iterable[Part]) -> tuple[bytes, str]:
    """A body of these parts, and its content type. The same parts give the same bytes."""
    heads = [(_head(part), part.data) for part in parts]
    boundary = _free_boundary(heads)
    pieces: list[bytes | memoryview] = []
    for head, data in heads:
        pieces += (b"--", boundary, b"\r\n", head, b"\r\n\r\n", data, b"\r\n")
    pieces += (b"--", boundary, b"--\r\n")
    return b"".join(pieces), f"multipart/form-data; boundary={boundary.decode('ascii')}"


def field(name: str, value: str) -> Part:
    """A part that is no file."""
    return Part(name=name, data=value.encode())


def _is(part: Part, name: str) -> bool:
    return part.name == name and part.filename is None


def _part(head: bytes, data: memoryview) -> Part:
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise BadShape("", "a part's header is not UTF-8") from error
    disposition, content_type = "", ""
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name) or "\n" in value or "\r" in value or "\0" in value:
            raise BadShape("", "a part of the form has a malformed header line")
        match name.lower():
            case "content-disposition" if not disposition:
                disposition = value.strip()
            case "content-type" if not content_type:
                content_type = value.strip()
            case "content-disposition" | "content-type":
                raise BadShape("", f"a part of the form has `{name}` twice")
            case "content-transfer-encoding" if value.strip().lower() not in ("binary", "8bit", "7bit"):
                raise BadShape("", "content-transfer-encoding is not used in forms (RFC 7578)")
            case _:
                pass  # RFC 7578, section 4.8: others are to be ignored
    kind, _, _ = disposition.partition(";")
    if kind.strip().lower() != "form-data":
        raise BadShape("", "a part of the form is no `form-data`")
    found = dict(_parameters(disposition, len(kind)))
    own, filename = found.get("name"), found.get("filename")
    if not own:
        raise BadShape("", "a part of the form has no name")
    if filename is None and "filename*" in found:
        filename = _extended(found["filename*"])
    return Part(name=own, data=data, filename=filename, content_type=content_type)


def _parameters(text: str, at: int) -> Iterator[tuple[str, str]]:
    seen = set[str]()
    while at < len(text):
        match = _PARAMETER.match(text, at)
        if match is None or match[1].lower() in seen:
            raise BadShape("", "a part of the form has a malformed content-disposition")
        name = match[1].lower()
        seen.add(name)
        quoted, plain = match[2], match[3]
        yield name, plain if quoted is None else _unquoted(quoted)
        at = match.end()


def _unquoted(text: str) -> str:
    r"""Browsers write `%22` (WHATWG), older clients `\"`; both mean a quotation mark. Other `%` stay: file names."""
    plain = re.sub(r'\\(["\\])', r"\1", text)
    return plain.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _extended(text: str) -> str:
    """`UTF-8''na%C3%AFve.wav` (RFC 5987). RFC 7578 has it no more; urllib3 1 wrote it for names beyond ASCII."""
    coded = text.rpartition("'")[2].encode()
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes.fromhex(hit[1].decode()), coded).decode("utf-8", "replace")


def _quoted(text: str) -> str:
    """As WHATWG's form encoding writes names, with a backslash doubled as RFC 2183 has it."""
    return text.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _head(part: Part) -> bytes:
    head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
    if part.filename is not None:
        head += f'; filename="{_quoted(part.filename)}"'
    if part.content_type:
        if re.search(r"[\r\n\0]", part.content_type):
            raise BadShape(part.name, "has a malformed content type")
        head += f"\r\nContent-Type: {part.content_type}"
    return head.encode()


def _free_boundary(heads: list[tuple[bytes, bytes | memoryview]]) -> bytes:
    """A boundary that no part holds, whatever somebody put there to meet it."""
    seed = sha256()
    for head, data in heads:
        seed.update(head)
        seed.update(len(data).to_bytes(8, "big"))
        seed.update(data[:4096])
    while True:
        boundary = b"trunkline-" + seed.hexdigest()[:40].encode("ascii")
        if not any(_holds(data, boundary) or boundary in head for head, data in heads):
            return boundary
        seed.update(boundary)


def _holds(data: bytes | memoryview, boundary: bytes) -> bool:
    """Without a copy of a large file: a window of 1 MiB at a time, overlapping by the boundary's length."""
    if isinstance(data, bytes):
        return boundary in data
    step = 1 << 20
    return any(boundary in bytes(data[at : at + step + len(boundary)]) for at in range(0, len(data), step))
