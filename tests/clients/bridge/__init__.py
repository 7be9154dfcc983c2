"""LiteLLM's SDK behind the gateway."""
