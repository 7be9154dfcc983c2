"""A tour of `LiteLLMClient`: an answer, a stream, a comparison, and errors that say what to do.

    python examples/python_client/main.py [MODEL ...]

Run it in the checkout, beside a gateway (`make run`). Without arguments it takes the models that the gateway offers.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend.app.services.gateway.errors import GatewayError, NoKey, RateLimited, StreamCut
from backend.app.services.litellm_client import LiteLLMClient, Timeouts


async def answer(client: LiteLLMClient, model: str) -> None:
    """One question, one answer, what it cost."""
    response = await client.chat_completion(
        [{"role": "user", "content": "What is Docker? One sentence."}], model, max_tokens=60
    )
    print(response["content"].strip())
    cost = "no price known" if response["cost_usd"] is None else f"${Decimal(response['cost_usd']):.6f}"
    print(f"  {response['model']}: {response['usage']['total_tokens']} tokens, {cost}, {response['latency_ms']:.0f} ms")


async def stream(client: LiteLLMClient, model: str) -> None:
    """Words as they come. Leaving the loop stops the provider; a broken stream raises with the text until then."""
    messages = [{"role": "user", "content": "Tell me a story in three sentences."}]
    try:
        async for piece in client.stream_chat_completion(messages, model, max_tokens=120, timeouts=Timeouts(total=120)):
            print(piece, end="", flush=True)
        print()
    except StreamCut as cut:
        print(f"\n  {cut}")


async def compare(client: LiteLLMClient, models: list[str]) -> None:
    """The same question to several models at once; an error stands in its model's place."""
    results = await client.compare([{"role": "user", "content": "Name a prime number."}], models, max_tokens=20)
    for model, result in results.items():
        said = str(result["error"]) if result["error"] else str(result["content"]).strip()[:70]
        print(f"  {model:24} {result['latency_ms']:7.0f} ms  {said}")


async def main(models: list[str]) -> int:
    """The tour; returns the exit code."""
    async with LiteLLMClient() as client:
        try:
            models = models or await client.models()
            await answer(client, models[0])
            await stream(client, models[0])
            await compare(client, models[:4])
        except NoKey as error:
            print(f"{error.message} Set {error.variable}.")
            return 1
        except RateLimited as error:
            print(f"{error.message} Come back in {error.retry_after or 60:.0f} s.")
            return 1
        except GatewayError as error:
            print(error)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
