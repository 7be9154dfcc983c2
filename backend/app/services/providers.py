"""Providers as people call them. Only for sentences: programs get the gateway's own word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EMBEDDED: Final = "local"
"""The gateway's word for the model that it runs itself."""

_NAMES: Final[Mapping[str, str]] = {
    "ai21": "AI21", "anthropic": "Anthropic", "azure": "Azure", "azure_ai": "Azure AI", "bedrock": "Amazon Bedrock",
    "cerebras": "Cerebras", "cohere": "Cohere", "cohere_chat": "Cohere", "databricks": "Databricks",
    "deepseek": "DeepSeek", "fireworks_ai": "Fireworks", "gemini": "Gemini", "groq": "Groq",
    "huggingface": "Hugging Face", "local": "the embedded model", "mistral": "Mistral", "moonshot": "Moonshot",
    "nvidia_nim": "NVIDIA NIM", "ollama": "Ollama", "ollama_chat": "Ollama", "openai": "OpenAI",
    "openrouter": "OpenRouter", "perplexity": "Perplexity", "replicate": "Replicate", "sambanova": "SambaNova",
    "together_ai": "Together", "vertex_ai": "Vertex AI", "vllm": "vLLM", "watsonx": "watsonx", "xai": "xAI",
}  # fmt: skip


def provider_name(provider: str | None) -> str:
    """The provider's name, else the gateway's word for it."""
    return "the provider" if not provider else _NAMES.get(provider, provider)
