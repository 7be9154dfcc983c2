"""Forms are read strictly, within limits, and written so that every reader understands the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.ir.losses import BadShape
from trunkline.wire.small import multipart
from trunkline.wire.small.multipart import Part, boundary_of, emit, field, parse

TYPE = "multipart/form-data; boundary=B"
FORM = (
    b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--B\r\ncontent-disposition: form-data; name="file"; filename="a \xc3\xa9.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF\r\n--b\x00\r\n\r\n--B--\r\n"
)
TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_[]é\"' %", min_size=1, max_size=20)


def test_fields_and_files_are_read() -> None:
    """Names, values, file names and types; a file's bytes are a slice of the body."""
    form = parse(FORM, TYPE)
    model, file = form.parts
    assert (model.name, model.text(), model.filename) == ("model", "whisper-1", None)
    assert (file.name, file.filename, file.content_type) == ("file", "a é.wav", "audio/wav")
    assert bytes(file.data) == b"RIFF\r\n--b\x00\r\n"
    assert isinstance(file.data, memoryview)
    assert file.data.obj is FORM


def test_a_field_is_replaced_and_all_else_stays() -> None:
    """Only the value's bytes change: the model's name is replaced on the way to the same format."""
    changed = parse(FORM, TYPE).with_field("model", "gpt-4o-transcribe")
    assert changed == FORM.replace(b"whisper-1", b"gpt-4o-transcribe")
    assert parse(changed, TYPE).field("model") == "gpt-4o-transcribe"


def test_a_field_that_is_not_there_is_not_replaced() -> None:
    """Nor one that is there twice: which would be meant?"""
    twice = FORM.replace(b"--B--", b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nx\r\n--B--')
    for body, name in ((FORM, "prompt"), (FORM, "file"), (twice, "model")):
        with pytest.raises(BadShape):
            parse(body, TYPE).with_field(name, "x")
    with pytest.raises(BadShape):
        parse(twice, TYPE).field("model")
    assert parse(twice, TYPE).fields("model") == ["whisper-1", "x"]


def test_a_replaced_field_cannot_end_the_form() -> None:
    """A value that holds the boundary is refused."""
    with pytest.raises(BadShape):
        parse(FORM, TYPE).with_field("model", "x\r\n--B--")


@given(st.lists(st.tuples(NAMES, st.binary(max_size=200), st.none() | TEXT), max_size=8))
def test_what_is_written_is_read(entries: list[tuple[str, bytes, str | None]]) -> None:
    """Any names and any bytes come back, in order."""
    parts = [Part(name=name, data=data, filename=filename) for name, data, filename in entries]
    body, content_type = emit(parts)
    if not parts:
        assert parse(body, content_type).parts == []
        return
    found = [(part.name, bytes(part.data), part.filename) for part in parse(body, content_type).parts]
    assert found == entries


@pytest.mark.parametrize("size", [6000, (1 << 20) + 6000])
def test_the_boundary_is_in_no_part(size: int) -> None:
    """Somebody who knows how the boundary is made, and plants it in a file, does not end the part."""
    _, content_type = emit([Part(name="a", data=b"x" * size, filename="f")])
    planted = b"\r\n--" + (boundary_of(content_type) or "").encode() + b"--\r\n"
    data = b"x" * (size - len(planted)) + planted
    for sent in (data, memoryview(data)):
        body, kind = emit([Part(name="a", data=sent, filename="f")])
        assert boundary_of(kind) != boundary_of(content_type)
        assert bytes(parse(body, kind).parts[0].data) == data


def test_the_same_parts_give_the_same_bytes() -> None:
    """A retry sends what was sent before."""
    assert emit([field("a", "b")]) == emit([field("a", "b")])


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=B", "B"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', "a b"),
        ("multipart/form-data;boundary=----WebKit; charset=utf-8", "----WebKit"),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=B", None),
        ("multipart/form-data; boundary=", None),
        ('multipart/form-data; boundary=""', None),
        ('multipart/form-data; boundary="a "', None),
        ("multipart/form-data; boundary=" + "x" * 71, None),
        ("multipart/form-data; boundary=a; boundary=b", None),
        ('multipart/form-data; boundary="é"', None),
        ("multipart/form-data; boundary=a;", None),
        ("application/json", None),
        ("", None),
    ],
)
def test_boundaries(content_type: str, boundary: str | None) -> None:
    """RFC 2046's alphabet, 1 to 70 characters, given once."""
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B",
        b"--B\r\n",
        b"preamble\r\n" + FORM,
        FORM + b"epilogue",
        FORM[:-6],
        FORM.replace(b"\r\n", b"\n"),
        FORM.replace(b'name="model"', b"x=y"),
        FORM.replace(b'name="model"', b'name=""'),
        FORM.replace(b'name="model"', b'name="model"; name="other"'),
        FORM.replace(b'name="model"', b'name="model'),
        FORM.replace(b"form-data", b"attachment"),
        FORM.replace(b"Content-Type: audio/wav", b"Content-Transfer-Encoding: base64"),
        FORM.replace(b"Content-Type: audio/wav", b" folded: audio/wav"),
        FORM.replace(b"Content-Type: audio/wav", b"Content-Type: a\r\nContent-Type: b"),
        FORM.replace(b"Content-Type: audio/wav", b"Content-Type: a\nb: c"),
        FORM.replace(b"Content-Type: audio/wav", b"no colon"),
        FORM.replace(b"Content-Type: audio/wav", b"X: " + b"x" * 9000),
        FORM.replace(b"\xc3\xa9", b"\xff"),
        FORM.replace(b"--B\r\ncontent", b"--BX\r\ncontent"),
        FORM.replace(b"whisper-1", b"x" * (multipart.MAX_FIELD + 1)),
        b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * (multipart.MAX_PARTS + 1) + b"--B--",
    ],
)
def test_a_form_that_two_readers_might_read_differently_is_refused(body: bytes) -> None:
    """Each of these has been a way past a filter, or is no form."""
    with pytest.raises(BadShape):
        parse(body, TYPE)


def test_an_empty_value_and_an_empty_file_are_read() -> None:
    """Nothing is content too."""
    body = FORM.replace(b"whisper-1", b"").replace(b"RIFF\r\n--b\x00\r\n", b"")
    assert [bytes(part.data) for part in parse(body, TYPE).parts] == [b"", b""]


def test_a_name_of_urllib3_1_is_read() -> None:
    """`filename*` is of RFC 5987; a file stays a file."""
    body = FORM.replace(b'filename="a \xc3\xa9.wav"', b"filename*=utf-8''a%20%C3%A9.wav")
    assert parse(body, TYPE).parts[1].filename == "a é.wav"


def test_text_that_is_no_utf8_is_a_bad_shape() -> None:
    """A field's value must be text."""
    form = parse(FORM.replace(b"whisper-1", b"\xff"), TYPE)
    with pytest.raises(BadShape):
        form.field("model")


@given(st.binary(max_size=300), st.integers(0, len(FORM)))
def test_any_bytes_are_a_form_or_a_bad_shape(junk: bytes, at: int) -> None:
    """Nothing else is raised, whatever comes."""
    for body in (junk, FORM[:at] + junk + FORM[at:], FORM[:at] + junk):
        try:
            parse(body, TYPE)
        except BadShape:
            pass
