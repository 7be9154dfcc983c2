"""Anthropic's Messages format: requests, answers, streams and errors, in both directions."""
