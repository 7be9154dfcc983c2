"""Everybody else's models: providers.md D4."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from trunkline.ir.parts import MediaKind
from trunkline.profiles.profile import (
    BLIND,
    LOGPROBS,
    NO_THINKING,
    PENALTIES,
    SAMPLING,
    SEES_IMAGES,
    SEES_PAGES,
    Control,
    Profile,
    Rule,
    rule,
)

_VIDEO: Final = frozenset({MediaKind.IMAGE, MediaKind.VIDEO})
_PAGES_VIDEO: Final = SEES_PAGES | {MediaKind.VIDEO}
_SWITCH: Final = Control(adaptive=True, on=True)
_ALWAYS: Final = Control(on=True, can_stop=False)
_LOW_TO_HIGH: Final = ("low", "medium", "high")
_LOW_HIGH_MAX: Final = ("low", "high", "max")

_MISTRAL: Final = Profile(
    name="Mistral", thinking=NO_THINKING, temperature=(0, 1.5), sees=SEES_IMAGES,
    reasons={"thinking": "this Mistral model does not think"},
)  # fmt: skip
_DEEPSEEK: Final = Profile(
    name="DeepSeek", at=frozenset({"deepseek"}),
    thinking=Control(efforts=_LOW_HIGH_MAX, adaptive=True, on=True),
    thinking_lacks=SAMPLING | PENALTIES | LOGPROBS, max_input=1_000_000, max_output=393_216, sees=BLIND,
    forced="not_thinking", schema="prompt", plain_reasoning="reasoning_content", needs_reasoning=True, max_stops=16,
    reasons={
        **dict.fromkeys(SAMPLING | PENALTIES | LOGPROBS, "DeepSeek ignores it while it thinks"),
        "forced": "DeepSeek cannot be made to call a tool while it thinks",
        "schema": "DeepSeek has a JSON mode and no schemas: the schema stands in the prompt",
    },
)  # fmt: skip
_QWEN: Final = Profile(
    name="Qwen", at=frozenset({"dashscope", "qwencloud", "qwen_ai_platform"}),
    thinking=Control(budget=(1, 10**9), adaptive=True, on=True), temperature=(0, 1.99), sees=BLIND,
    forced="not_thinking", plain_reasoning="reasoning_content",
    reasons={"forced": "Qwen cannot be made to call a tool while it thinks"},
)  # fmt: skip
_KIMI: Final = Profile(
    name="Kimi", at=frozenset({"moonshot"}),
    lacks=SAMPLING, thinking=_SWITCH, sees=_VIDEO, forced="no", plain_reasoning="reasoning_content",
    needs_reasoning=True,
    reasons={
        **dict.fromkeys(SAMPLING, "Kimi's thinking models take the default only"),
        "forced": "Moonshot refuses `tool_choice: required`",
    },
)  # fmt: skip
_GLM: Final = Profile(
    name="GLM", at=frozenset({"zai", "bigmodel"}),
    thinking=_SWITCH, temperature=(0, 1), max_stops=1, sees=BLIND, forced="no", schema="prompt",
    plain_reasoning="reasoning_content",
    reasons={
        "forced": "Z.AI takes `tool_choice: auto` only",
        "schema": "Z.AI has a JSON mode and no schemas: the schema stands in the prompt",
        "thinking": "this GLM always thinks",
    },
)  # fmt: skip
_MINIMAX: Final = Profile(
    name="MiniMax", at=frozenset({"minimax"}),
    thinking=_ALWAYS, temperature=(0.01, 1), sees=BLIND, forced="no", schema="prompt",
    plain_reasoning="reasoning_content",
    reasons={
        "forced": "MiniMax takes `tool_choice` `auto` and `none` only",
        "schema": "MiniMax has no schemas: the schema stands in the prompt",
        "thinking": "MiniMax always thinks",
    },
)  # fmt: skip
_GROK: Final = Profile(
    name="Grok",
    lacks=PENALTIES | {"stop"}, thinking=Control(efforts=_LOW_TO_HIGH, on=True, can_stop=False), sees=SEES_IMAGES,
    reasons={
        **dict.fromkeys((*PENALTIES, "stop"), "Grok 4 and later answer 400 to it"),
        "thinking": "this Grok always thinks",
    },
)  # fmt: skip
_COHERE: Final = Profile(
    name="Command", thinking=NO_THINKING, temperature=(0, 1), max_output=8192, max_stops=5, sees=BLIND, named=False,
    reasons={"named": "Cohere can be made to call a tool, not a certain one", "thinking": "this model does not think"},
)  # fmt: skip
_NOVA: Final = Profile(
    name="Nova",
    thinking=NO_THINKING, temperature=(0, 1), max_output=10_000, sees=_PAGES_VIDEO, schema="tool",
    reasons={"thinking": "Nova 1 does not think"},
)  # fmt: skip
_LLAMA: Final = Profile(
    name="Llama", thinking=NO_THINKING, sees=BLIND, told="senses", reasons={"thinking": "Llama does not think"}
)

RULES: Final[tuple[Rule, ...]] = (
    rule(r"(?:mistral-medium-3[.-][5-9]|mistral-small-(?:4|latest|26)|mistral-medium-latest)", replace(
        _MISTRAL, thinking=Control(efforts=("high",), none_word=True))),
    rule(r"devstral|codestral", replace(_MISTRAL, sees=BLIND)),
    rule(r"magistral", replace(_MISTRAL, name="Magistral", thinking=_ALWAYS, reasons={
        "thinking": "Magistral always thinks"})),
    rule(r"mixtral|open-mi|mistral-(?:7b|8x)", replace(_MISTRAL, sees=BLIND)),
    rule(r"mistral|ministral|pixtral", _MISTRAL),
    rule(r"deepseek[.-]?r1|r1(?:-|$)", replace(_DEEPSEEK, name="DeepSeek R1", thinking=_ALWAYS, needs_reasoning=False,
        reasons={**_DEEPSEEK.reasons, "thinking": "DeepSeek R1 always thinks"})),
    rule(r"deepseek-flash|deepseek-v4-flash", replace(_DEEPSEEK, sees=SEES_IMAGES)),
    rule(r"deepseek-(?:v4|chat|reasoner|pro)", _DEEPSEEK),
    rule(r"deepseek", replace(_DEEPSEEK, name="DeepSeek before V4", needs_reasoning=False, max_input=None,
        max_output=None, thinking=None, schema="native")),
    rule(r"qwen-?3.*-thinking|qwq", replace(_QWEN, name="Qwen thinking", thinking=Control(
        budget=(1, 10**9), adaptive=True, on=True, can_stop=False), reasons={
        **_QWEN.reasons, "thinking": "this Qwen always thinks"})),
    rule(r"qwen.*(?:vl|omni)|qwen-?3\.[5-9]", replace(_QWEN, sees=_VIDEO | {MediaKind.AUDIO})),
    rule(r"qwen.*(?:coder|instruct)|qwen-?2", replace(_QWEN, name="Qwen Instruct", thinking=None, forced="yes")),
    rule(r"qwen", _QWEN),
    rule(r"kimi-k[3-9]", replace(_KIMI, name="Kimi K3", thinking=Control(
        efforts=_LOW_HIGH_MAX, adaptive=True, on=True))),
    rule(r"kimi-k2(?!\.|-thinking)", replace(_KIMI, name="Kimi K2", lacks=frozenset(), thinking=NO_THINKING, sees=BLIND,
        needs_reasoning=False, reasons={**_KIMI.reasons, "thinking": "Kimi K2 does not think"})),
    rule(r"kimi", _KIMI),
    rule(r"moonshot-v1", replace(_KIMI, name="moonshot-v1", lacks=frozenset(), thinking=NO_THINKING, temperature=(0, 1),
        sees=SEES_IMAGES, needs_reasoning=False)),
    rule(r"glm-5\.3-flash", replace(_GLM, sees=SEES_IMAGES, thinking=Control(
        efforts=_LOW_HIGH_MAX, on=True, can_stop=False))),
    rule(r"glm-5\.[3-9]|glm-[6-9]", replace(_GLM, name="GLM 5.3", thinking=Control(
        efforts=_LOW_HIGH_MAX, on=True, can_stop=False))),
    rule(r"glm-5\.2", replace(_GLM, name="GLM 5.2", thinking=Control(
        efforts=("minimal", "low", "medium", "high", "xhigh", "max"), adaptive=True, on=True))),
    rule(r"glm-[45](?:\.\d)?v", replace(_GLM, sees=_VIDEO)),
    rule(r"glm", _GLM),
    rule(r"minimax-m3", replace(_MINIMAX, name="MiniMax M3", thinking=_SWITCH, sees=SEES_IMAGES)),
    rule(r"minimax", _MINIMAX),
    rule(r"grok-4[.-]20-non|grok.*non-reasoning|grok-[23](?!.*mini)", replace(
        _GROK, name="Grok that does not think", lacks=frozenset(), thinking=NO_THINKING,
        reasons={"thinking": "this Grok does not think"})),
    rule(r"grok-4[.-]3", replace(_GROK, name="Grok 4.3", thinking=Control(
        efforts=_LOW_TO_HIGH, none_word=True, on=True))),
    rule(r"grok.*multi-agent", replace(_GROK, tools=False, reasons={
        **_GROK.reasons, "tools": "the multi-agent Grok takes no tools of the client"})),
    rule(r"grok-(?:4[.-]20|code|4-fast|4$|4-0)", replace(_GROK, thinking=_ALWAYS)),
    rule(r"grok", _GROK),
    rule(r"command-a(?:-vision|-plus)", replace(_COHERE, sees=SEES_IMAGES, max_output=64_000, thinking=Control(
        budget=(1, 64_000), adaptive=True, on=True))),
    rule(r"command-a-reasoning", replace(_COHERE, max_input=128_000, max_output=64_000, thinking=Control(
        budget=(1, 64_000), adaptive=True, on=True))),
    rule(r"command|c4ai", _COHERE),
    rule(r"nova-2", replace(_NOVA, name="Nova 2", max_input=1_000_000, max_output=64_000, schema="native",
        thinking=Control(efforts=_LOW_TO_HIGH))),
    rule(r"nova-micro", replace(_NOVA, sees=BLIND)),
    rule(r"nova-(?:lite|pro|premier)", _NOVA),
    rule(r"(?:meta-)?llama-?guard", Profile(name="Llama Guard", told="senses")),
    rule(r"(?:meta-)?llama-?(?:3[.-]2-(?:11|90)b|4)", replace(_LLAMA, sees=SEES_IMAGES)),
    rule(r"(?:meta-)?llama.*vision", replace(_LLAMA, sees=SEES_IMAGES)),
    rule(r"(?:meta-)?llama", _LLAMA),
    rule(r"muse-|wonder-", Profile(name="Muse", sees=SEES_PAGES, thinking=Control(
        efforts=("minimal", "low", "medium", "high", "xhigh"), on=True, can_stop=False))),
)  # fmt: skip
"""The first that matches counts; hosts of open models differ in more than is known, so what is unsure is left open."""
