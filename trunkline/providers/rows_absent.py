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
        prefixes=("amazon-nova",),
        name="Amazon Nova by its old name",
        instead="write `amazon_nova/...`",
        bridge=False,
    ),
    Absent(prefixes=("anthropic_text",), name="Anthropic text completions", instead="`anthropic/...` reaches its chat"),
    Absent(
        prefixes=("watsonx_text",),
        name="IBM watsonx.ai text generation",
        instead="`watsonx/...` reaches its chat",
    ),
    Absent(
        prefixes=("sagemaker", "sagemaker_chat", "sagemaker_nova"),
        name="Amazon SageMaker: its streams are AWS frames around what the container sends",
        instead="a vLLM container with an address of its own is reached as `hosted_vllm/...`",
    ),
    Absent(
        prefixes=("oci",),
        name="OCI Generative AI: its native API is signed with Oracle's own scheme",
        instead="its OpenAI face is reached as `custom_openai/...` with an OCI Generative AI key and "
        "`api_base: https://inference.generativeai.<region>.oci.oraclecloud.com/openai/v1`",
    ),
    Absent(
        prefixes=("text-completion-codestral",),
        name="Codestral fill-in-the-middle",
        instead="`codestral/...` reaches its chat",
    ),
    Absent(
        prefixes=("github_copilot", "chatgpt"),
        name="subscriptions with a device login",
        instead="`openai/...` with `OPENAI_API_KEY` needs no login",
        bridge=False,
    ),
    Absent(
        prefixes=("gigachat",),
        name="GigaChat: functions instead of tools, and a certificate authority of its own",
        instead="",
    ),
    Absent(prefixes=("sap",), name="SAP Generative AI Hub: bodies of its orchestration service", instead=""),
    Absent(prefixes=("manus",), name="Manus: tasks that run for minutes", instead=""),
    Absent(prefixes=("maritalk",), name="Maritaca: a key scheme of its own", instead=""),
    Absent(
        prefixes=("ragflow",),
        name="RAGFlow",
        instead="its chat address is reached as `custom_openai/...` with `api_base`",
    ),
    Absent(
        prefixes=("opencode_go",),
        name="OpenCode Go",
        instead="its OpenAI half is reached as `custom_openai/...` with `api_base: https://opencode.ai/inference/go/openai`",
        bridge=False,
    ),
    Absent(
        prefixes=("soniox", "nvidia_riva", "aws_polly", "transcribe"),
        name="speech hosts whose work is fetched later or comes over gRPC",
        instead="`deepgram/...`, `elevenlabs/...` and `openai/...` turn speech into text",
        bridge=False,
    ),
    Absent(
        prefixes=("stability", "fal_ai", "black_forest_labs", "runwayml", "topaz"),
        name="image and video hosts with a shape of their own, most of which answer with a task to ask for later",
        instead="`bedrock/stability...`, `openai/...` and `gemini/...` make images",
        bridge=False,
    ),
    Absent(
        prefixes=(
            "nlp_cloud",
            "predibase",
            "petals",
            "triton",
            "bytez",
            "langflow",
            "langgraph",
            "a2a",
        ),
        name="older or special hosts",
        instead="",
    ),
    Absent(prefixes=("aleph_alpha", "palm"), name="hosts that are no more", instead="", bridge=False),
)
