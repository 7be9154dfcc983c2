# ruff: noqa: E501 (a table is read by its columns: one row, one line)
"""The long tail of OpenAI-compatible hosts, one line each; facts as LiteLLM's registry has them unless noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from trunkline.providers.row import KEEP, MAX_COMPLETION_TOKENS, MAX_TOKENS, Confidence, Row

# prefixes | name | base URL | key variables | base-URL variables | operations (letters of row.OPERATIONS)
_PLAIN: Final = """
volcengine | Volcengine Ark (Doubao) | https://ark.cn-beijing.volces.com/api/v3 | ARK_API_KEY VOLCENGINE_API_KEY | VOLCENGINE_API_BASE ARK_API_BASE | CERI
tencent | Tencent TokenHub | https://tokenhub-intl.tencentcloudmaas.com/v1 | TENCENT_API_KEY | TENCENT_API_BASE | C
qwencloud | QwenCloud | https://dashscope-intl.aliyuncs.com/compatible-mode/v1 | QWENCLOUD_API_KEY DASHSCOPE_API_KEY | QWENCLOUD_API_BASE | C
qwen_ai_platform | Qianwen AI Platform | https://dashscope.aliyuncs.com/compatible-mode/v1 | QWEN_AI_PLATFORM_API_KEY DASHSCOPE_API_KEY | QWEN_AI_PLATFORM_API_BASE | C
modelscope | ModelScope | https://api-inference.modelscope.cn/v1 | MODELSCOPE_API_KEY | MODELSCOPE_API_BASE | C
xiaomi_mimo | Xiaomi MiMo | https://api.xiaomimimo.com/v1 | XIAOMI_MIMO_API_KEY | | C
streamlake | Kuaishou StreamLake | https://vanchin.streamlake.ai/api/gateway/v1/endpoints | STREAMLAKE_API_KEY | STREAMLAKE_API_BASE | C
novita | Novita | https://api.novita.ai/v3/openai | NOVITA_API_KEY | NOVITA_API_BASE | CTE
nebius | Nebius Token Factory | https://api.tokenfactory.nebius.com/v1 | NEBIUS_API_KEY | NEBIUS_API_BASE | CTEI
hyperbolic | Hyperbolic | https://api.hyperbolic.xyz/v1 | HYPERBOLIC_API_KEY | HYPERBOLIC_API_BASE | CT
featherless_ai | Featherless | https://api.featherless.ai/v1 | FEATHERLESS_AI_API_KEY FEATHERLESS_API_KEY | FEATHERLESS_AI_API_BASE FEATHERLESS_API_BASE | CT
friendliai | FriendliAI serverless | https://api.friendli.ai/serverless/v1 | FRIENDLIAI_API_KEY FRIENDLI_TOKEN | FRIENDLI_API_BASE | CT
nscale | Nscale | https://inference.api.nscale.com/v1 | NSCALE_API_KEY | NSCALE_API_BASE | CI
baseten | Baseten | https://inference.baseten.co/v1 | BASETEN_API_KEY | BASETEN_API_BASE | CE
wandb | W&B Inference | https://api.inference.wandb.ai/v1 | WANDB_API_KEY | WANDB_API_BASE | C
ovhcloud | OVHcloud AI Endpoints | https://oai.endpoints.kepler.ai.cloud.ovh.net/v1 | OVHCLOUD_API_KEY | OVHCLOUD_API_BASE | CEA
scaleway | Scaleway Generative APIs | https://api.scaleway.ai/v1 | SCW_SECRET_KEY | | CEA
cometapi | CometAPI | https://api.cometapi.com/v1 | COMETAPI_KEY COMETAPI_API_KEY | COMETAPI_API_BASE COMETAPI_BASE_URL | CEI
compactifai | CompactifAI | https://api.compactif.ai/v1 | COMPACTIFAI_API_KEY | | C
aiml | AI/ML API | https://api.aimlapi.com/v1 | AIML_API_KEY AIMLAPI_KEY | AIML_API_BASE | CI
heroku | Heroku Inference | https://us.inference.heroku.com/v1 | HEROKU_API_KEY HEROKU_INFERENCE_KEY | HEROKU_API_BASE HEROKU_INFERENCE_URL | CEI
gradient_ai | DigitalOcean Gradient | https://inference.do-ai.run/v1 | GRADIENT_AI_API_KEY | GRADIENT_AI_AGENT_ENDPOINT | C
helicone | Helicone AI Gateway | https://ai-gateway.helicone.ai/v1 | HELICONE_API_KEY | | C
edenai | Eden AI | https://api.edenai.run/v3 | EDENAI_API_KEY | EDENAI_API_BASE | CERMIASO
amazon_nova | Amazon Nova API | https://api.nova.amazon.com/v1 | AMAZON_NOVA_API_KEY | AMAZON_NOVA_API_BASE | C
meta | Meta Model API (Muse) | https://api.meta.ai/v1 | META_API_KEY MODEL_API_KEY | META_API_BASE | CRM
ai21 ai21_chat | AI21 | https://api.ai21.com/studio/v1 | AI21_API_KEY | AI21_API_BASE | C
clarifai | Clarifai | https://api.clarifai.com/v2/ext/openai/v1 | CLARIFAI_API_KEY | | CE
inception | Inception (Mercury) | https://api.inceptionlabs.ai/v1 | INCEPTION_API_KEY | INCEPTION_API_BASE | C
morph | Morph | https://api.morphllm.com/v1 | MORPH_API_KEY | MORPH_API_BASE | CE
v0 | Vercel v0 | https://api.v0.dev/v1 | V0_API_KEY | V0_API_BASE | C
nadir | Nadir | https://api.getnadir.com/v1 | NADIR_API_KEY | NADIR_API_BASE | C
clf_ai_gateway | CLF AI Gateway | https://api.clfaigateway.dev/v1 | CLF_AI_GATEWAY_API_KEY | CLF_AI_GATEWAY_API_BASE | C
publicai | PublicAI | https://api.publicai.co/v1 | PUBLICAI_API_KEY | PUBLICAI_API_BASE | C
veniceai venice | Venice | https://api.venice.ai/api/v1 | VENICE_AI_API_KEY | | CEIS
synthetic | Synthetic | https://api.synthetic.new/openai/v1 | SYNTHETIC_API_KEY | | C
apertis | Apertis (Stima) | https://api.stima.tech/v1 | STIMA_API_KEY | | C
nano-gpt nanogpt | NanoGPT | https://nano-gpt.com/api/v1 | NANOGPT_API_KEY | | C
poe | Poe | https://api.poe.com/v1 | POE_API_KEY | | CR
zerogpu | ZeroGPU | https://api.zerogpu.ai/v1 | ZEROGPU_API_KEY | ZEROGPU_API_BASE | CR
chutes | Chutes | https://llm.chutes.ai/v1 | CHUTES_API_KEY | | CT
abliteration | Abliteration | https://api.abliteration.ai/v1 | ABLITERATION_API_KEY | | C
llamagate | LlamaGate | https://api.llamagate.dev/v1 | LLAMAGATE_API_KEY | | CE
gmi | GMI Cloud | https://api.gmi-serving.com/v1 | GMI_API_KEY | GMI_API_BASE | CR
sarvam | Sarvam | https://api.sarvam.ai/v1 | SARVAM_API_KEY | | C
assemblyai | AssemblyAI LLM gateway | https://llm-gateway.assemblyai.com/v1 | ASSEMBLYAI_API_KEY | | C
charity_engine | Charity Engine | https://api.charityengine.services/remotejobs/v2/inference | CHARITY_ENGINE_API_KEY | | C
aihubmix | AIHubMix | https://aihubmix.com/v1 | AIHUBMIX_API_KEY | AIHUBMIX_API_BASE | CERMI
aiand | ai& | https://api.aiand.com/v1 | AIAND_API_KEY | AIAND_API_BASE | CRM
crusoe | Crusoe Managed Inference | https://api.inference.crusoecloud.com/v1 | CRUSOE_API_KEY | CRUSOE_API_BASE | C
darkbloom | Darkbloom | https://api.darkbloom.dev/v1 | DARKBLOOM_API_KEY | DARKBLOOM_API_BASE | C
neosantara | Neosantara | https://api.neosantara.xyz/v1 | NEOSANTARA_API_KEY | NEOSANTARA_API_BASE | CERI
tensormesh | Tensormesh | https://serverless.tensormesh.ai/v1 | TENSORMESH_INFERENCE_API_KEY | TENSORMESH_SERVERLESS_BASE_URL | CR
parasail | Parasail | https://api.parasail.io/v1 | PARASAIL_API_KEY | PARASAIL_API_BASE | CR
libertai | LibertAI | https://api.libertai.io/v1 | LIBERTAI_API_KEY | LIBERTAI_API_BASE | CE
empiriolabs | EmpirioLabs | https://api.empiriolabs.ai/v1 | EMPIRIOLABS_API_KEY | EMPIRIOLABS_API_BASE | CR
cognition | Cognition | https://api.cognition.ai/v1 | COGNITION_API_KEY | COGNITION_API_BASE | C
coralbricks | CoralBricks | https://inference.coralbricks.ai/v1 | CORALBRICKS_API_KEY | CORALBRICKS_API_BASE | CRM
cortecs | Cortecs | https://api.cortecs.ai/v1 | CORTECS_API_KEY | CORTECS_API_BASE | CRM
pinstripes | Pinstripes | https://pinstripes.io/v1 | PINSTRIPES_API_KEY | PINSTRIPES_API_BASE | CR
scx-ai | SCX.ai | https://api.scx.ai/v1 | SCX_API_KEY | SCX_API_BASE | C
prism | Prism | https://api.prisminference.com/v1 | PRISM_API_KEY | PRISM_API_BASE | CRM
hostinger_router | Hostinger Router | https://router.hostinger.com/v1 | HOSTINGER_ROUTER_API_KEY | HOSTINGER_ROUTER_API_BASE | CE
sail | Sail Research | https://api.sailresearch.com/v1 | SAIL_API_KEY | SAIL_API_BASE | CRM
reka | Reka | https://api.reka.ai/v1 | REKA_API_KEY | REKA_API_BASE | C
openinfer | OpenInfer | https://api.openinfer.ai/v1 | OPENINFER_API_KEY | OPENINFER_API_BASE | CRM
inferenceapis | Inference APIs | https://api.inferenceapis.com/v1 | INFERENCEAPIS_API_KEY | INFERENCEAPIS_API_BASE | CRM
refuseless | Refuseless | https://api.refuseless.com/v1 | REFUSELESS_API_KEY | | CR
kyma | Kyma API | https://kymaapi.com/v1 | KYMA_API_KEY | | C
datarobot | DataRobot | https://app.datarobot.com/api/v2/genai/llmgw | DATAROBOT_API_TOKEN | DATAROBOT_ENDPOINT | C
gdc | Google Distributed Cloud | | GDC_API_KEY | GDC_API_BASE | C
atlascloud | Atlas Cloud | https://api.atlascloud.ai/v1 | ATLASCLOUD_API_KEY | ATLASCLOUD_API_BASE | C
kenari | Kenari | https://kenari.id/v1 | KENARI_API_KEY | KENARI_API_BASE | C
qiniu | Qiniu | https://api.qnaigc.com/v1 | QINIU_API_KEY | QINIU_API_BASE | CE
requesty | Requesty | https://router.requesty.ai/v1 | REQUESTY_API_KEY | REQUESTY_API_BASE | CE
telnyx | Telnyx | https://api.telnyx.com/v2/ai | TELNYX_API_KEY | TELNYX_API_BASE | C
mzai | any-llm platform | https://platform-api.any-llm.ai/api/v1 | ANY_LLM_KEY | ANY_LLM_PLATFORM_URL | CE
portkey | Portkey | https://api.portkey.ai/v1 | PORTKEY_API_KEY | PORTKEY_API_BASE | C
"""

_RENAME: Final[Mapping[str, Mapping[str, str]]] = {
    "streamlake": MAX_COMPLETION_TOKENS,  # the one host that wants the newer name only
    "amazon_nova": KEEP,  # knows both names
    "baseten": KEEP,
    "aihubmix": KEEP,  # resells OpenAI's reasoning models, which refuse `max_tokens`
    "requesty": KEEP,
    "cometapi": KEEP,
    "edenai": KEEP,
    "helicone": KEEP,
    "portkey": KEEP,
    "gdc": KEEP,
    "datarobot": KEEP,
    "meta": KEEP,
}
_DEFAULT_PATH: Final[Mapping[str, str]] = {
    "heroku": "/v1",  # HEROKU_INFERENCE_URL comes without
    "gradient_ai": "/api/v1",  # an agent's endpoint; the serverless host has its path
}
_USAGE: Final[Mapping[str, str]] = {"qwencloud": "alibaba", "qwen_ai_platform": "alibaba"}
_CONFIDENCE: Final[Mapping[str, Confidence]] = {"nebius": "doc", "hyperbolic": "unsure"}
_DOC: Final[Mapping[str, str]] = {"nebius": "https://docs.tokenfactory.nebius.com"}
_NOTE: Final[Mapping[str, str]] = {
    "volcengine": "The model may be an endpoint id `ep-...`.",
    "streamlake": "Takes `max_completion_tokens` only.",
    "baseten": "Streams give no usage unless asked for.",
    "wandb": "`OpenAI-Project: team/project` books the call on a project.",
    "heroku": "Content lists must be flattened to a string.",
    "helicone": "In maintenance mode since 2026-03.",
    "hyperbolic": "Doubtful: dropped from the Hugging Face router in 2026-06.",
    "clarifai": "The model is `https://clarifai.com/<user>/<app>/models/<id>`.",
    "ai21": "Errors are `{detail}`, 422 for bad input.",
    "morph": "Apply models take `model`, `messages` and `stream` only.",
    "v0": "Takes `messages`, `model`, `stream`, `tools` and `tool_choice` only.",
    "modelscope": "Text content lists must be flattened to a string.",
    "publicai": "Content lists must be flattened to a string.",
    "sarvam": "The key goes into `api-subscription-key` besides Bearer.",
    "sail": "No `stop`, `seed`, penalties or log probabilities.",
    "portkey": "The key goes into `x-portkey-api-key` besides Bearer.",
    "scx-ai": "Temperature at most 1.99.",
    "poe": "Ignores unknown parameters.",
}


def _hosts() -> Iterator[Row]:
    for line in _PLAIN.strip().splitlines():
        prefixes, name, base, keys, bases, endpoints = (cell.strip() for cell in line.split("|"))
        first = prefixes.split()[0]
        yield Row(
            prefixes=tuple(prefixes.split()),
            name=name,
            base=base or None,
            keys=tuple(keys.split()),
            bases=tuple(bases.split()),
            default_path=_DEFAULT_PATH.get(first, ""),
            endpoints=endpoints,
            env_headers=(("OpenAI-Project", ("WANDB_PROJECT",)),) if first == "wandb" else (),
            extra_auth_header={"sarvam": "api-subscription-key", "portkey": "x-portkey-api-key"}.get(first),
            rename=_RENAME.get(first, MAX_TOKENS),
            usage=_USAGE.get(first, "openai"),
            doc=_DOC.get(first, ""),
            confidence=_CONFIDENCE.get(first, "as-litellm"),
            note=_NOTE.get(first, ""),
        )


HOSTED: Final[tuple[Row, ...]] = tuple(_hosts())
