"""The guide's Compose commands, word for word, against running containers: `make test-compose`."""
