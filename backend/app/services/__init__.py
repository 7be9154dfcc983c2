"""The rules of the application, without HTTP."""
