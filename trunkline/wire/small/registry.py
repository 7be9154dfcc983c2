"""Which codec a wire has for an operation.

`EMBED`, `RERANK`, ... hold the providers' side of every wire; `SURFACES` the formats that clients speak. Hosts that
speak OpenAI's or Cohere's format without a difference use those wires, whoever they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trunkline.ir.endpoint import Endpoint
from trunkline.ir.small import ModerationAnswer, ModerationRequest, RerankAnswer, RerankRequest
from trunkline.ir.small_media import (
    ImageAnswer,
    ImageRequest,
    SpeechAnswer,
    SpeechRequest,
    TranscriptionAnswer,
    TranscriptionRequest,
)
from trunkline.wire.small.bedrock_embed import INVOKE, NovaEmbed, TitanEmbed, TitanMultimodal
from trunkline.wire.small.bedrock_images import AmazonImages, StabilityImages
from trunkline.wire.small.bedrock_rerank import BedrockRerank
from trunkline.wire.small.codec import EmbedProvider, Operation, Provider, Surface
from trunkline.wire.small.cohere_embed import CohereEmbed
from trunkline.wire.small.deepgram import DeepgramListen, DeepgramSpeak
from trunkline.wire.small.elevenlabs import ElevenLabsSpeech, ElevenLabsTranscriptions
from trunkline.wire.small.gemini_embed import GeminiEmbed
from trunkline.wire.small.google_images import GeminiImages, Imagen
from trunkline.wire.small.jina import JinaEmbed
from trunkline.wire.small.openai_embeddings import OpenAIEmbeddings
from trunkline.wire.small.openai_images import OpenAIImages
from trunkline.wire.small.openai_moderations import OpenAIModerations
from trunkline.wire.small.openai_speech import OpenAISpeech
from trunkline.wire.small.openai_transcriptions import OpenAITranscriptions
from trunkline.wire.small.rerank import CohereRerank
from trunkline.wire.small.servers import OllamaEmbed, TeiEmbed, TeiRerank
from trunkline.wire.small.vertex_embed import VertexEmbed, VertexMultimodal
from trunkline.wire.small.voyage import VoyageEmbed, VoyageRerank
from trunkline.wire.small.watsonx import WatsonxEmbed, WatsonxRerank

_ALL_RERANK: Final = frozenset({"return_documents", "rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"})


EMBED: Final[Mapping[str, EmbedProvider]] = {
    "openai": OpenAIEmbeddings(),
    "perplexity": OpenAIEmbeddings(wire="perplexity", packed="int8"),
    "cohere": CohereEmbed(),
    "voyage": VoyageEmbed(),
    "voyage_multimodal": VoyageEmbed(multimodal=True),
    "jina": JinaEmbed(),
    "gemini": GeminiEmbed(),
    "vertex": VertexEmbed(),
    "vertex_gemini": GeminiEmbed(one=True),
    "vertex_multimodal": VertexMultimodal(),
    "bedrock_titan": TitanEmbed(),
    "bedrock_titan_v1": TitanEmbed(version=1),
    "bedrock_titan_multimodal": TitanMultimodal(),
    "bedrock_nova": NovaEmbed(),
    "bedrock_cohere": CohereEmbed(wire="bedrock_cohere", path=INVOKE, hosted=True),
    "ollama": OllamaEmbed(),
    "tei": TeiEmbed(),
    "huggingface": TeiEmbed(wire="huggingface", path="hf-inference/models/{model}/pipeline/feature-extraction"),
    "watsonx": WatsonxEmbed(),
}

RERANK: Final[Mapping[str, Provider[RerankRequest, RerankAnswer]]] = {
    "cohere": CohereRerank(),
    "together": CohereRerank(wire="together", objects=True, takes=frozenset({"return_documents", "rank_fields"})),
    "openrouter": CohereRerank(wire="openrouter", takes=frozenset()),
    "jina": CohereRerank(wire="jina", takes=frozenset({"return_documents"})),
    "copies": CohereRerank(wire="copies", objects=True, takes=_ALL_RERANK),
    "voyage": VoyageRerank(),
    "bedrock": BedrockRerank(),
    "tei": TeiRerank(),
    "watsonx": WatsonxRerank(),
}
"""`copies`: servers that copied Cohere's first version (vLLM, Infinity, LiteLLM itself, Azure's, NVIDIA's)."""

MODERATE: Final[Mapping[str, Provider[ModerationRequest, ModerationAnswer]]] = {
    "openai": OpenAIModerations(),
    "mistral": OpenAIModerations(wire="mistral"),
}

IMAGE: Final[Mapping[str, Provider[ImageRequest, ImageAnswer]]] = {
    "openai": OpenAIImages(),
    "xai": OpenAIImages(
        wire="xai",
        references="images",
        takes=frozenset({"n", "response_format", "aspect_ratio"}),
        masks=False,
    ),
    "openrouter": OpenAIImages(
        wire="openrouter",
        references="input_references",
        takes=frozenset(
            {
                *("n", "size", "aspect_ratio", "quality", "background", "output_format", "output_compression"),
                *("seed", "stream"),
            }
        ),
        masks=False,
    ),
    "gemini": GeminiImages(),
    "imagen": Imagen(),
    "bedrock_amazon": AmazonImages(),
    "bedrock_stability": StabilityImages(),
}

SPEAK: Final[Mapping[str, Provider[SpeechRequest, SpeechAnswer]]] = {
    "openai": OpenAISpeech(),
    "deepgram": DeepgramSpeak(),
    "elevenlabs": ElevenLabsSpeech(),
}

TRANSCRIBE: Final[Mapping[str, Provider[TranscriptionRequest, TranscriptionAnswer]]] = {
    "openai": OpenAITranscriptions(),
    "mistral": OpenAITranscriptions(
        wire="mistral",
        translates=False,
        takes=frozenset({"model", "language", "temperature", "timestamp_granularities", "stream"}),
        granularity="timestamp_granularities",
    ),
    "cohere": OpenAITranscriptions(
        wire="cohere", translates=False, takes=frozenset({"model", "language", "temperature"})
    ),
    "xai": OpenAITranscriptions(wire="xai", path="stt", translates=False, takes=frozenset({"language"}), url="url"),
    "deepgram": DeepgramListen(),
    "elevenlabs": ElevenLabsTranscriptions(),
}

PROVIDERS: Final[Mapping[tuple[str, Operation], Provider[Any, Any]]] = {
    **{(wire, Operation.EMBED): embed for wire, embed in EMBED.items()},
    **{(wire, Operation.RERANK): rerank for wire, rerank in RERANK.items()},
    **{(wire, Operation.MODERATE): moderate for wire, moderate in MODERATE.items()},
    **{(wire, Operation.IMAGE): image for wire, image in IMAGE.items()},
    **{(wire, Operation.SPEAK): speak for wire, speak in SPEAK.items()},
    **{(wire, Operation.TRANSCRIBE): transcribe for wire, transcribe in TRANSCRIBE.items()},
}
"""Every codec towards a provider; the tables above say the types."""

SURFACES: Final[Mapping[tuple[str, Operation], Surface[Any, Any]]] = {
    ("openai", Operation.EMBED): OpenAIEmbeddings(),
    ("cohere", Operation.EMBED): CohereEmbed(),
    ("gemini", Operation.EMBED): GeminiEmbed(),
    ("cohere", Operation.RERANK): CohereRerank(),
    ("openai", Operation.MODERATE): OpenAIModerations(),
    ("openai", Operation.IMAGE): OpenAIImages(),
    ("openai", Operation.SPEAK): OpenAISpeech(),
    ("openai", Operation.TRANSCRIBE): OpenAITranscriptions(),
}
"""Formats that clients speak; LiteLLM's `/rerank` is Cohere's."""

OPERATIONS: Final = {
    Endpoint.EMBEDDINGS: ("openai", Operation.EMBED),
    Endpoint.COHERE_EMBED: ("cohere", Operation.EMBED),
    Endpoint.GEMINI_EMBED: ("gemini", Operation.EMBED),
    Endpoint.GEMINI_BATCH_EMBED: ("gemini", Operation.EMBED),
    Endpoint.RERANK: ("cohere", Operation.RERANK),
    Endpoint.MODERATIONS: ("openai", Operation.MODERATE),
    Endpoint.IMAGES: ("openai", Operation.IMAGE),
    Endpoint.IMAGE_EDITS: ("openai", Operation.IMAGE),
    Endpoint.SPEECH: ("openai", Operation.SPEAK),
    Endpoint.TRANSCRIPTIONS: ("openai", Operation.TRANSCRIBE),
    Endpoint.TRANSLATIONS: ("openai", Operation.TRANSCRIBE),
}
"""The wire that the clients of an operation speak, and what the operation is."""
