"""OpenAI's Responses API: requests, answers and streams, to and from the representation."""
