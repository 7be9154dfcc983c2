"""The application's API: sign-in, conversations, runs, search, files, usage."""
