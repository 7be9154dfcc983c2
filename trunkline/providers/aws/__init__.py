"""Amazon Web Services: signatures, credentials, and where Bedrock is."""
