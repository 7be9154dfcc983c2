"""The client APIs the gateway speaks."""
