"""OpenAI's chat, completions and embeddings shapes: what the gateway must read in passing."""
