"""The vocabulary of the API: pydantic, no I/O. Their names are those of OpenAPI and of the front end's client."""
