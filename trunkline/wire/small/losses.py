"""Every reason that a small codec gives for what it leaves out or refuses: the written list."""

from __future__ import annotations

from typing import Final

from trunkline.wire.natives import ONLY_THERE

TOKENS: Final = "token ids belong to another model's tokenizer; send the text"
MEDIA: Final = "the model takes text only"
MEDIA_URL: Final = "the provider does not fetch URLs; send the medium inline"
FILE_ID: Final = "a file id is known to the provider that gave it only"
FOREIGN: Final = "content that only its own format has"
MIXED: Final = "the provider takes text or one medium per input, not both"
ONE_INPUT: Final = "the model takes one input per request"
MANY_INPUTS: Final = "the provider takes fewer inputs per request"
TITLE: Final = "the provider takes no titles"
DIMENSIONS: Final = "the provider has no choice of dimensions"
KIND: Final = "the provider has no such number format; floats are given"
PURPOSE: Final = "the provider does not know this purpose"
NO_PURPOSE: Final = "the provider does not ask what vectors are for"
TRUNCATE: Final = "the provider cannot truncate this way"
NORMALIZE: Final = "the provider has no choice of normalisation"
USER: Final = "the provider takes no end user"

FIELDS: Final = "the provider ranks texts; an object's fields were written as text"
CHUNKS: Final = "the provider does not limit chunks per document"
TOKENS_PER_DOC: Final = "the provider does not limit tokens per document"
RANK_FIELDS: Final = "the provider has no fields to rank by"

MASK: Final = "the provider takes no mask that is transparent where the image may change"
ONE_IMAGE: Final = "the provider changes one image at a time"
COUNT: Final = "the provider makes one image per request"
SIZE: Final = "the provider has no image of this size"
KNOB: Final = "the provider has no such setting"
URL_WANTED: Final = "the provider gives images inline; they are in `b64_json`"
DATA_WANTED: Final = "the provider gives URLs; they are in `url`"

VOICE: Final = "the provider has no voice of this name"
AUDIO_FORMAT: Final = "the provider has no such audio format"
TRANSLATION: Final = "the provider does not translate speech"
TRANSCRIPT_FORMAT: Final = "the provider does not say when words were spoken; the text is given"
PROMPT: Final = "the provider takes no prompt with speech"

REASONS: Final[frozenset[str]] = frozenset(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)

__all__ = ["ONLY_THERE", "REASONS"]
