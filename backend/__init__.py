"""The application around the gateway: its API and the front end it serves. It imports nothing from `trunkline`."""
