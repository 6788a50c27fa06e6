"""Made-up companies that the sandbox can be filled with, deterministic from a seed."""
