"""Callbacks, alerts and the watch on spending: what is configured whole and installed, and notes on what is not."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from trunkline.config.reader import Reader
from trunkline.config.snapshot import Observability
from trunkline.config.tree import show
from trunkline.config.variables import Environment
from trunkline.ir import Secret

if TYPE_CHECKING:
    from trunkline.config.settings import Sections


@dataclass(frozen=True, slots=True)
class Callback:
    """One destination: what it cannot do without."""

    needed: tuple[str, ...]
    """Variables."""
    module: str


CALLBACKS: Final = {
    "langfuse": Callback(("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"), "langfuse"),
    "sentry": Callback(("SENTRY_DSN",), "sentry_sdk"),
}
"""By the name that LiteLLM has for them; each is also the name of the extra that installs its SDK."""
BUILT_IN: Final = "prometheus"
"""`/metrics` is always there: accepted wherever callbacks are listed."""
ALERTS: Final = {"slack": "SLACK_WEBHOOK_URL", "webhook": "WEBHOOK_URL"}
OWN_NOTICE: Final = frozenset(name for callback in CALLBACKS.values() for name in callback.needed)
"""A callback says itself that these are not set; a second note from `environment_variables` would be noise."""
LANGFUSE_CLOUD: Final = "https://cloud.langfuse.com"
_LISTS: Final = ("success_callback", "failure_callback", "callbacks", "service_callback", "service_callbacks")


def observability(sections: Sections, env: Environment) -> Observability:
    """Read the settings. Whatever is missing turns its callback off with a note; nothing of it fails a start."""
    litellm, general, own = sections.litellm, sections.general, sections.own
    named = {key: _known(litellm, key) for key in _LISTS}
    on = {name for name in dict.fromkeys(sum(named.values(), ())) if _usable(litellm, named, name, env)}
    both = named["callbacks"]
    slack, webhook = (_address(general, name, env) for name in ALERTS)
    base = Observability()
    watch = own.flag("anomaly_detection")
    sensitivity = own.number("anomaly_sensitivity", least=1.0)
    floor = own.number("anomaly_floor_usd")
    interval = own.number("anomaly_interval_seconds", least=1.0)
    url = env.get("LANGFUSE_BASE_URL") or env.get("LANGFUSE_HOST") or LANGFUSE_CLOUD
    return Observability(
        success=tuple(name for name in dict.fromkeys(named["success_callback"] + both) if name in on),
        failure=tuple(name for name in dict.fromkeys(named["failure_callback"] + both) if name in on),
        langfuse_public_key=env.get("LANGFUSE_PUBLIC_KEY") or "" if "langfuse" in on else "",
        langfuse_secret_key=_secret(env, "LANGFUSE_SECRET_KEY") if "langfuse" in on else None,
        langfuse_url=url.rstrip("/") if "langfuse" in on else "",
        sentry_dsn=_secret(env, "SENTRY_DSN") if "sentry" in on else None,
        slack_url=slack,
        webhook_url=webhook,
        anomalies=base.anomalies if watch is None else watch,
        anomaly_sensitivity=base.anomaly_sensitivity if sensitivity is None else sensitivity,
        anomaly_floor_usd=base.anomaly_floor_usd if floor is None else floor,
        anomaly_interval_seconds=base.anomaly_interval_seconds if interval is None else interval,
    )


def _known(reader: Reader, key: str) -> tuple[str, ...]:
    """The names of a list that are implemented; of the others it is said that they are not."""
    names = tuple(name for name in reader.texts(key) or () if name != BUILT_IN)
    calls = not key.startswith("service_")
    for name in names:
        if not calls or name not in CALLBACKS:
            text = f"`litellm_settings.{key}`: the callback {show(name)} is not implemented by this version"
            reader.log.note("unimplemented", reader.at(key), text, once=f"{key} {name}")
    reader.log.said("unimplemented", f"litellm_settings.{key}")
    return tuple(name for name in names if calls and name in CALLBACKS)


def _usable(reader: Reader, named: dict[str, tuple[str, ...]], name: str, env: Environment) -> bool:
    """Whether everything is there that a callback needs; what is missing is said once."""
    callback = CALLBACKS[name]
    key = next(key for key, names in named.items() if name in names)
    missing = [variable for variable in callback.needed if env.get(variable) is None]
    if missing:
        why = " and ".join(env.why(variable) for variable in missing)
        text = f"the callback `{name}` is off: {why}; set it in `.env` or the environment"
    elif name == "sentry" and not _is_dsn(env.get("SENTRY_DSN") or ""):
        text = "the callback `sentry` is off: `SENTRY_DSN` is no DSN; it looks like `https://key@host/project`"
    elif find_spec(callback.module) is None:
        text = f"the callback `{name}` is off: its SDK is not installed; `pip install 'trunkline[{name}]'`"
    else:
        return True
    reader.log.note("warning", reader.at(key), text, once=f"callback {name}")
    return False


def _is_dsn(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.username and parts.hostname and parts.path.strip("/"))
    except ValueError:
        return False


def _address(general: Reader, name: str, env: Environment) -> Secret | None:
    """Where alerts of this kind go; `None` where they are not wanted or the address is missing (which is noted)."""
    names = general.texts("alerting") or ()
    if name == "slack":  # once for the list
        for other in names:
            if other not in ALERTS:
                text = f"`general_settings.alerting`: {show(other)} is not implemented by this version"
                general.log.note("unimplemented", general.at("alerting"), text, once=f"alerting {other}")
    if name not in names:
        return None
    variable = ALERTS[name]
    value = env.get(variable)
    if value is None:
        text = f"alerts to `{name}` are off: {env.why(variable)}"
    elif urlsplit(value).scheme not in ("http", "https"):
        text = f"alerts to `{name}` are off: `{variable}` is no address; it begins with `https://`"
    else:
        general.log.redactor.learn(value)
        return Secret(value)
    general.log.note("warning", general.at("alerting"), text)
    return None


def _secret(env: Environment, name: str) -> Secret | None:
    value = env.get(name)
    return None if value is None else Secret(value)
