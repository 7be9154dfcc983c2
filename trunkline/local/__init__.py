"""The embedded model: a small language model in a child process."""
