"""Google: AI Studio (`gemini/`) and Vertex AI (`vertex_ai/`, with Claude, Mistral and open models there).

Facts: https://ai.google.dev/api, https://cloud.google.com/vertex-ai/docs/reference/rest and LiteLLM 1.109.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from trunkline.ir import Endpoint, Secret
from trunkline.providers import google_credentials
from trunkline.providers.base_url import Base, parse_base
from trunkline.providers.reached import Headers, Reached, target_at
from trunkline.providers.settings import Settings, UnavailableError, checked_base
from trunkline.providers.table import TABLE
from trunkline.providers.target import Authorizer, Quirks, Target

_VERSION: Final = re.compile(r"v1(?:(?:alpha|beta)\d*)?")
_ENDS_IN_VERSION: Final = re.compile(r"(?P<before>.*)/(?P<version>v1(?:(?:alpha|beta)\d*)?)")
_LOCATION: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?")
"""It goes into the host's name."""
_DIGITS: Final = re.compile(r"\d+")
_GLOBAL_FIRST: Final = re.compile(r"gemini-(?!embedding)|claude-|\*$")
"""Google serves the newest of these in `global` first, or only there."""
_EMBEDDING: Final = re.compile(r"text-embedding|text-multilingual-embedding|textembedding-gecko|gemini-embedding-00")
_MISTRAL: Final = ("mistral", "codestral", "ministral", "magistral", "pixtral")
CLAUDE_VERSION: Final = "vertex-2023-10-16"


def gemini_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `gemini/...`.

    Raises:
        UnavailableError: key or address is missing or unusable.
    """
    row = TABLE[provider]
    base, own = settings.base(row)
    prefix, version = base.path, "v1beta"
    # An address of the OpenAI face, as earlier versions wanted it, is mended.
    if (written := _ENDS_IN_VERSION.fullmatch(base.path.removesuffix("/openai"))) is not None:
        prefix, version = written["before"], written["version"]
    version = _written_version(settings) or version
    key = settings.key(row.keys, required=own)
    headers: Headers = () if key is None else (("x-goog-api-key", Secret(key)),)
    root = f"{prefix}/{version}"
    place = root if model.startswith("tunedModels/") else f"{root}/models"
    paths, stream, small = _gemini(place, f"{root}/{{path}}", model, embed="gemini")
    return Reached(
        target=target_at(base, provider, paths, settings.with_extra_headers(headers), stream_paths=stream, small=small),
        model=model.removeprefix("models/"),
    )


def _written_version(settings: Settings) -> str | None:
    version = settings.text("api_version")
    if version is not None and _VERSION.fullmatch(version) is None:
        raise UnavailableError("`api_version` must be `v1`, `v1beta` or `v1alpha` here")
    return version


_Paths = Mapping[Endpoint, str]


def _gemini(place: str, root: str, model: str, *, embed: str) -> tuple[_Paths, _Paths, Mapping[Endpoint, str]]:
    """Paths, stream paths and other wordings of one of Google's models.

    `place` stands before the model, `root` is the path for other wordings; `embed` is how embeddings are worded there.
    """
    own = f"{place}/{{model}}"
    if model.startswith("imagen"):
        return {Endpoint.IMAGES: root}, {}, {Endpoint.IMAGES: "imagen"}
    if "embedding" in model:
        paths: dict[Endpoint, str] = {Endpoint.EMBEDDINGS: root}
        if embed in {"gemini", "vertex_gemini"}:
            paths[Endpoint.GEMINI_EMBED] = f"{own}:embedContent"
        if embed == "gemini":
            paths[Endpoint.GEMINI_BATCH_EMBED] = f"{own}:batchEmbedContents"
        return paths, {}, {Endpoint.EMBEDDINGS: embed}
    paths = {Endpoint.GENERATE: f"{own}:generateContent", Endpoint.GEMINI_COUNT: f"{own}:countTokens"}
    small: dict[Endpoint, str] = {}
    if "image" in model:
        paths |= {Endpoint.IMAGES: root, Endpoint.IMAGE_EDITS: root}
        small = {Endpoint.IMAGES: "gemini", Endpoint.IMAGE_EDITS: "gemini"}
    if "*" in model and embed == "gemini":  # which model comes is not known yet
        paths |= {
            Endpoint.EMBEDDINGS: root,
            Endpoint.GEMINI_EMBED: f"{own}:embedContent",
            Endpoint.GEMINI_BATCH_EMBED: f"{own}:batchEmbedContents",
        }
        small[Endpoint.EMBEDDINGS] = embed
    return paths, {Endpoint.GENERATE: f"{own}:streamGenerateContent?alt=sse"}, small


def vertex_target(settings: Settings, provider: str, model: str) -> Reached:
    """For `vertex_ai/...`: whose model it is says which format and path.

    Raises:
        UnavailableError: project, location or credentials are missing or unusable.
    """
    model = model.removeprefix("google/").removeprefix("gemini/")
    express = _express(settings, provider, model)
    if express is not None:
        return express
    location = _location(settings, model)
    headers, authorizer, project = _let_in(settings)
    base = _base(settings, location)
    # Features that are not in `v1` yet: LiteLLM's second prefix.
    version = "v1beta1" if provider == "vertex_ai_beta" else "v1"
    at = _Place(
        base=base,
        provider=provider,
        headers=settings.with_extra_headers(headers),
        authorizer=authorizer,
        root=f"{base.path}/{version}/projects/{project}/locations/{location}",
        beta_root=f"{base.path}/v1beta1/projects/{project}/locations/{location}",
        location=location,
    )
    if _DIGITS.fullmatch(model):
        paths, stream, _ = _gemini(f"{at.root}/endpoints", f"{at.root}/{{path}}", model, embed="")
        return Reached(target=at.target(paths, stream, quirks=_GEMINI), model=model)
    if (endpoint := re.fullmatch(r"openai/(\d+)", model)) is not None:
        path = f"{at.beta_root}/endpoints/{endpoint[1]}/chat/completions"
        return Reached(target=at.target({Endpoint.CHAT: path}), model=model)
    if model.startswith("claude"):
        return Reached(target=_claude(at), model=model)
    if model.startswith(_MISTRAL):
        own = f"{at.root}/publishers/mistralai/models/{{model}}"
        return Reached(
            target=at.target(
                {Endpoint.CHAT: f"{own}:rawPredict"}, {Endpoint.CHAT: f"{own}:streamRawPredict"}, quirks=_MISTRAL_QUIRKS
            ),
            model=model.partition("@")[0] if "*" not in model else model,
            rename=_MISTRAL_QUIRKS.rename,
        )
    if model.startswith("jamba"):
        path = f"{at.beta_root}/publishers/ai21/models/{{model}}"
        return Reached(
            target=at.target({Endpoint.CHAT: f"{path}:rawPredict"}, {Endpoint.CHAT: f"{path}:streamRawPredict"}),
            model=model,
        )
    if "/" in model or model.endswith("-maas"):
        return Reached(target=at.target({Endpoint.CHAT: f"{at.root}/endpoints/openapi/chat/completions"}), model=model)
    return Reached(target=_google(at, model), model=model)


_GEMINI: Final = Quirks(codec_dialect="vertex")
_MISTRAL_QUIRKS: Final = Quirks(
    stream_options=False,
    usage_dialect="mistral",
    rename={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
)


def _google(at: _Place, model: str) -> Target:
    embed = "vertex" if _EMBEDDING.match(model) else "vertex_multimodal" if "multimodal" in model else "vertex_gemini"
    root = f"{at.root}/publishers/google"
    paths, stream, small = _gemini(f"{root}/models", f"{root}/{{path}}", model, embed=embed)
    return at.target(paths, stream, small=small, quirks=_GEMINI)


def _claude(at: _Place) -> Target:
    own = f"{at.root}/publishers/anthropic/models"
    paths = {Endpoint.MESSAGES: f"{own}/{{model}}:rawPredict"}
    if at.location != "global":
        paths[Endpoint.COUNT_TOKENS] = f"{own}/count-tokens:rawPredict"
    return at.target(
        paths,
        {Endpoint.MESSAGES: f"{own}/{{model}}:streamRawPredict"},
        # `stream` stays in the body, as in Anthropic's own client for Vertex.
        quirks=Quirks(model_in_body=False, body={"anthropic_version": CLAUDE_VERSION}, leave_out=frozenset({"model"})),
    )


class _Place:
    """Where one project's calls go, and how they are let in."""

    def __init__(
        self,
        *,
        base: Base,
        provider: str,
        headers: Headers,
        authorizer: Authorizer | None,
        root: str,
        beta_root: str,
        location: str,
    ) -> None:
        self.root = root
        self.beta_root = beta_root
        self.location = location
        self._base = base
        self._provider = provider
        self._headers = headers
        self._authorizer = authorizer

    def target(
        self,
        paths: Mapping[Endpoint, str],
        stream: Mapping[Endpoint, str] | None = None,
        *,
        small: Mapping[Endpoint, str] | None = None,
        quirks: Quirks | None = None,
    ) -> Target:
        """A target there."""
        return target_at(
            self._base,
            self._provider,
            paths,
            self._headers,
            stream_paths=stream,
            small=small,
            quirks=quirks,
            authorizer=self._authorizer,
        )


def _express(settings: Settings, provider: str, model: str) -> Reached | None:
    """Express mode: an API key and no project (Gemini only)."""
    if settings.text("vertex_project", "vertex_ai_project") is not None:
        return None
    if settings.text("api_key") is None and settings.missing("api_key") is None:
        return None
    key = settings.key((), required=True) or ""
    base = _base(settings, "global")
    root = f"{base.path}/v1/publishers/google"
    paths, stream, small = _gemini(f"{root}/models", f"{root}/{{path}}", model, embed="vertex_gemini")
    headers = settings.with_extra_headers((("x-goog-api-key", Secret(key)),))
    target = target_at(base, provider, paths, headers, stream_paths=stream, small=small, quirks=_GEMINI)
    return Reached(target=target, model=model)


def _location(settings: Settings, model: str) -> str:
    if (reference := settings.missing("vertex_location", "vertex_ai_location")) is not None:
        raise UnavailableError(f"`{reference[1]}` is not set: it should hold the location, for example `global`")
    location = (
        settings.text("vertex_location", "vertex_ai_location")
        or settings.variable("VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION")
        or ("global" if _GLOBAL_FIRST.match(model) else "us-central1")
    )
    if _LOCATION.fullmatch(location) is None:
        raise UnavailableError("`vertex_location` must be a location such as `global` or `europe-west1`")
    return location


def _let_in(settings: Settings) -> tuple[Headers, Authorizer | None, str]:
    """Headers, the authorizer, and the project."""
    if settings.text("vertex_project") is not None or settings.missing("vertex_project") is not None:
        google_credentials.project(settings, None)  # what is written and wrong is said before credentials are sought
    credentials = google_credentials.find(settings)
    project = google_credentials.project(settings, credentials)
    from trunkline.providers.google_tokens import authorizer  # asyncio and ssl, for those who need a token only

    return (), authorizer(credentials), project


def _base(settings: Settings, location: str) -> Base:
    written, where = settings.text("api_base", "base_url"), "api_base"
    if (reference := settings.missing("api_base", "base_url")) is not None:
        raise UnavailableError(f"`{reference[1]}` is not set, and `{reference[0]}` refers to it")
    if written is None:
        written, where = settings.variable("VERTEXAI_API_BASE"), "VERTEXAI_API_BASE"
    if written is not None:
        base = checked_base(written, where)
        path = _ENDS_IN_VERSION.fullmatch(base.path)
        return base if path is None else Base(scheme=base.scheme, host=base.host, port=base.port, path=path["before"])
    if location == "global":
        return parse_base("https://aiplatform.googleapis.com")
    if location in {"us", "eu"}:
        return parse_base(f"https://aiplatform.{location}.rep.googleapis.com")
    return parse_base(f"https://{location}-aiplatform.googleapis.com")
