"""Ollama's own format: `/api/chat`, and `/api/generate` for text."""
