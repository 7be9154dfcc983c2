"""`pydantic-ai` by its OpenAI, Anthropic and Google models: plain, streamed, a tool that the agent runs."""

# Its libraries are in an environment of their own.
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from google.genai import Client, types
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

base, key, model = sys.argv[1:4]


async def run(name: str, made: Any) -> None:
    """All three, and what came of them."""
    cities: list[str] = []

    def get_weather(city: str, days: int = 1) -> str:
        """The weather."""
        cities.append(city)
        return "5 degrees"

    bare = Agent(made)
    plain = await bare.run("Which sea is it?")
    async with bare.run_stream("Which sea is it?") as stream:
        streamed = await stream.get_output()
        usage = stream.usage
    armed = Agent(made, tools=[get_weather])
    after = await armed.run("Which sea is it?")
    counts = [one() if callable(one) else one for one in (plain.usage, usage)]
    print(json.dumps({
        "as": f"pydantic-ai {name}", "plain": plain.output, "stream": streamed,
        "tool": [{"city": one} for one in cities], "after": after.output, "usage": [one.total_tokens for one in counts],
    }))  # fmt: skip


async def main() -> None:
    """Each of its clients."""
    openai = OpenAIProvider(base_url=f"{base}/v1", api_key=key)
    await run("chat", OpenAIChatModel(model, provider=openai))
    await run("responses", OpenAIResponsesModel(model, provider=openai))
    await run("anthropic", AnthropicModel(model, provider=AnthropicProvider(api_key=key, base_url=base)))
    google = Client(api_key=key, http_options=types.HttpOptions(base_url=base))
    await run("google", GoogleModel(model, provider=GoogleProvider(client=google)))


asyncio.run(main())
