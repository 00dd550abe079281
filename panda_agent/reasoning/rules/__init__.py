"""The rules engine: predicates over evidence, and beliefs in log-odds."""
