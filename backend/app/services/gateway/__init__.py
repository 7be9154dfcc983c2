"""The rooms of `LiteLLMClient` (`backend/app/services/litellm_client.py`): one concern each, none knows FastAPI.

`events` and `types` are what callers see, `errors` what they catch; `environment` finds address, key and model;
`retry` and `breaker` decide, without I/O, whether to ask (again); `failures` and `answers` read what came back;
`patience` is the clock of a call's time-outs.
`openai` is imported by `wire` alone, at the first call.
"""
