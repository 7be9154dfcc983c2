"""From litellm-config.yaml and .env to one immutable snapshot."""
