"""Prefect and the environment: each flow opens the engine, runs one verb and shows what it did. Decisions and resume are elsewhere."""
