"""HTTP: one module for each part of the contract, thin; the rules live in `services/`."""
