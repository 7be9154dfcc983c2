"""Media: what the model can see at all, what may stand in a request by URL, and what is fetched for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from trunkline.ir.format import Format
from trunkline.ir.losses import Losses
from trunkline.ir.parts import Foreign, Media, MediaKind, Message, Native, Part, Text, ToolResult
from trunkline.profiles.aim import Aim

if TYPE_CHECKING:
    from trunkline.profiles.adapt import Fetched

_OPENAIS: Final = frozenset({Format.OPENAI_CHAT, Format.OPENAI_RESPONSES})
_INLINE_ONLY: Final = frozenset({"bedrock", "bedrock_converse", "snowflake", "vertex_ai", "vertex_ai_beta"})
"""Hosts of Anthropic's format that take base64 only (providers.md B3, B12; Bedrock has no URLs at all)."""
_GOOGLE_FILES: Final = (
    "https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/",
)  # fmt: skip
"""URLs that Google opens itself, from both its hosts."""
BESIDE: Final = "this model takes no media in tool results; it stands behind the result"


def _kind_of(mime: str, kind: MediaKind) -> MediaKind:
    family = mime.partition("/")[0]
    for one in (MediaKind.IMAGE, MediaKind.AUDIO, MediaKind.VIDEO):
        if family == one.value:
            return one
    return MediaKind.DOCUMENT if mime == "application/pdf" or family == "text" else kind


class MediaFitter:
    """Goes through the messages of one request; `missing` are the URLs that must be fetched first."""

    __slots__ = ("_aim", "_client", "_fetched", "_losses", "missing")

    def __init__(self, aim: Aim, losses: Losses, fetched: Mapping[str, Fetched], client: Format | None) -> None:
        """`client`: the format that the request came in."""
        self._aim = aim
        self._losses = losses
        self._fetched = fetched
        self._client = client
        self.missing: list[str] = []

    def fit(self, message: Message, path: str) -> Message:
        """The message with its media as the model takes them.

        Raises:
            Untranslatable: a medium that it does not take.
        """
        parts = message.parts
        fitted: list[Part] | None = None
        for place, part in enumerate(parts):
            here = f"{path}.content[{place}]"
            match part:
                case Media():
                    new: list[Part] = [self._medium(part, here)]
                case ToolResult(content=content) if any(isinstance(inner, Media) for inner in content):
                    new = self._result(part, here)
                case _:
                    new = [part]
            if fitted is None and (len(new) > 1 or new[0] is not part):
                fitted = list(parts[:place])
            if fitted is not None:
                fitted += new
        return message if fitted is None else replace(message, parts=fitted)

    def _result(self, result: ToolResult, path: str) -> list[Part]:
        inside: list[Text | Media | Foreign] = []
        behind: list[Part] = []
        for place, part in enumerate(result.content):
            if not isinstance(part, Media):
                inside.append(part)
                continue
            medium = self._medium(part, f"{path}.content[{place}]")
            if self._aim.profile.media_in_results:
                inside.append(medium)
            else:
                self._losses.add(f"{path}.content[{place}]", BESIDE)
                behind.append(medium)
        return [replace(result, content=inside), *behind]

    def _medium(self, medium: Media, path: str) -> Media:
        aim = self._aim
        sees = aim.profile.sees
        if (
            sees is not None
            and medium.kind not in sees
            and not (medium.kind is MediaKind.DOCUMENT and _is_text(medium))
        ):
            raise self._losses.refuse(path, f"`{aim.model}` takes no media of the kind `{medium.kind.value}`")
        if medium.file_id:
            client = self._client
            if client is not aim.format and not (client in _OPENAIS and aim.format in _OPENAIS):
                raise self._losses.refuse(
                    path, "a file id means something only to the provider that keeps the file; send the file itself"
                )
            return medium
        if not medium.url or self._may_stay(medium):
            return medium
        held = self._fetched.get(medium.url)
        if held is not None:
            return self._inline(medium, held)
        if not medium.url.startswith(("https://", "http://")):
            scheme = medium.url.partition(":")[0][:16]
            raise self._losses.refuse(
                path, f"{aim.facts.name} does not fetch `{scheme}:` URLs here; send the file itself"
            )
        self.missing.append(medium.url)
        return medium

    def _may_stay(self, medium: Media) -> bool:
        aim, url = self._aim, medium.url
        if aim.format is Format.GEMINI:
            if url.startswith(_GOOGLE_FILES):
                return True
            if aim.provider.startswith("vertex_ai") and url.startswith("https://") and medium.mime:
                return True  # Vertex AI wants the type beside the URL
        if aim.format is Format.ANTHROPIC_MESSAGES and aim.provider in _INLINE_ONLY:
            return False
        return medium.kind in aim.facts.fetches and url.startswith(aim.facts.schemes)

    def _inline(self, medium: Media, held: Fetched) -> Media:
        native = medium.native
        if native is not None and "source" in native.members:  # how Anthropic's URL was written
            rest = {name: value for name, value in native.members.items() if name != "source"}
            native = Native(native.format, rest) if rest else None
        return replace(
            medium, url="", data=held.data, mime=held.mime, kind=_kind_of(held.mime, medium.kind), native=native
        )


def _is_text(medium: Media) -> bool:
    return medium.mime.startswith("text/")
