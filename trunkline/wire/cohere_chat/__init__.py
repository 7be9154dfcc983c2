"""Cohere's chat format, version 2 (`/v2/chat`)."""
