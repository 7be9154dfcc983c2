"""OpenAI's legacy text completions: a surface for clients that never moved to chat, served by any chat model."""
