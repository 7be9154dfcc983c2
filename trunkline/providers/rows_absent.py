"""Hosts that have closed, and providers that need code which this version lacks."""

from __future__ import annotations

from typing import Final

from trunkline.providers.row import Absent, Row

CLOSED: Final[tuple[Row, ...]] = (
    Row(
        prefixes=("github",),
        name="GitHub Models",
        base="https://models.github.ai/inference",
        keys=("GITHUB_API_KEY", "GITHUB_TOKEN"),
        bases=("GITHUB_API_BASE",),
        gone="GitHub Models was retired on 2026-07-30",
        confidence="doc",
    ),
    Row(
        prefixes=("meta_llama",),
        name="Meta Llama API",
        base="https://api.llama.com/compat/v1",
        keys=("LLAMA_API_KEY",),
        bases=("LLAMA_API_BASE",),
        gone="the Llama API preview was retired on 2026-07-06; Meta's newer API is `meta/...` with `META_API_KEY`",
        confidence="doc",
    ),
    Row(
        prefixes=("lambda_ai",),
        name="Lambda",
        base="https://api.lambda.ai/v1",
        keys=("LAMBDA_API_KEY",),
        bases=("LAMBDA_API_BASE",),
        endpoints="CT",
        gone="Lambda closed its inference API on 2025-09-25",
        confidence="doc",
    ),
    Row(
        prefixes=("anyscale",),
        name="Anyscale Endpoints",
        base="https://api.endpoints.anyscale.com/v1",
        keys=("ANYSCALE_API_KEY",),
        bases=("ANYSCALE_API_BASE",),
        gone="Anyscale closed its public endpoints in 2024",
        confidence="unsure",
    ),
    Row(
        prefixes=("empower",),
        name="Empower",
        base="https://app.empower.dev/api/v1",
        keys=("EMPOWER_API_KEY",),
        bases=("EMPOWER_API_BASE",),
        gone="Empower is believed closed; if it answers you, write its address as `api_base`",
        confidence="unsure",
    ),
    Row(
        prefixes=("galadriel",),
        name="Galadriel",
        base="https://api.galadriel.com/v1",
        keys=("GALADRIEL_API_KEY",),
        bases=("GALADRIEL_API_BASE",),
        gone="Galadriel is believed closed; if it answers you, write its address as `api_base`",
        confidence="unsure",
    ),
)

ABSENT: Final[tuple[Absent, ...]] = (
    Absent(
        prefixes=("vertex_ai", "vertex_ai_beta"),
        name="Google Vertex AI",
        instead="`gemini/...` with `GEMINI_API_KEY` reaches the same Gemini models",
    ),
    Absent(
        prefixes=("bedrock", "bedrock_converse", "amazon-nova"),
        name="Amazon Bedrock (native)",
        instead="`bedrock_mantle/...` with `AWS_BEARER_TOKEN_BEDROCK` reaches its OpenAI face",
    ),
    Absent(prefixes=("anthropic_text",), name="Anthropic text completions", instead="`anthropic/...` reaches its chat"),
    Absent(
        prefixes=("cohere", "cohere_chat"),
        name="Cohere",
        instead="`openrouter/cohere/...` reaches its models",
    ),
    Absent(
        prefixes=("replicate",),
        name="Replicate",
        instead="many of its models are on `together_ai/...` or `deepinfra/...`",
    ),
    Absent(prefixes=("watsonx", "watsonx_text"), name="IBM watsonx.ai", instead=""),
    Absent(
        prefixes=("sagemaker", "sagemaker_chat", "sagemaker_nova"),
        name="Amazon SageMaker",
        instead="a vLLM container with an address of its own is reached as `hosted_vllm/...`",
    ),
    Absent(prefixes=("oci",), name="OCI Generative AI", instead=""),
    Absent(
        prefixes=("text-completion-codestral",),
        name="Codestral fill-in-the-middle",
        instead="`codestral/...` reaches its chat",
    ),
    Absent(prefixes=("voyage", "jina_ai"), name="Voyage and Jina", instead=""),
    Absent(
        prefixes=("github_copilot", "chatgpt"),
        name="subscriptions with a device login",
        instead="`openai/...` with `OPENAI_API_KEY` needs no login",
    ),
    Absent(prefixes=("gigachat",), name="GigaChat", instead=""),
    Absent(prefixes=("sap",), name="SAP Generative AI Hub", instead=""),
    Absent(prefixes=("manus",), name="Manus", instead=""),
    Absent(prefixes=("maritalk",), name="Maritaca", instead=""),
    Absent(
        prefixes=("ragflow",),
        name="RAGFlow",
        instead="its chat address is reached as `custom_openai/...` with `api_base`",
    ),
    Absent(
        prefixes=("opencode_go",),
        name="OpenCode Go",
        instead="its OpenAI half is reached as `custom_openai/...` with `api_base: https://opencode.ai/inference/go/openai`",
    ),
    Absent(
        prefixes=("deepgram", "elevenlabs", "soniox", "nvidia_riva", "aws_polly", "transcribe"),
        name="speech hosts",
        instead="",
    ),
    Absent(
        prefixes=("stability", "recraft", "fal_ai", "black_forest_labs", "runwayml", "topaz"),
        name="image and video hosts",
        instead="",
    ),
    Absent(
        prefixes=(
            "nlp_cloud",
            "predibase",
            "petals",
            "triton",
            "bytez",
            "aleph_alpha",
            "palm",
            "langflow",
            "langgraph",
            "a2a",
        ),
        name="older or special hosts",
        instead="",
    ),
)
