"""The way of a call, attempt by attempt."""
