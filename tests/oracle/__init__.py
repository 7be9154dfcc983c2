"""The real LiteLLM proxy as an oracle: the same config, the same provider, the same requests, and what differs."""
