"""The edge: reads HTTP, hands calls to the pipeline."""
