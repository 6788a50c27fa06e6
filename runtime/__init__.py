"""From the environment to a ready engine: the one place that reads settings and builds the real clock, ledger and connectors."""
