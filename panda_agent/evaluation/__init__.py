"""Measures of finished verdicts: whether each sentence is backed, and whether what is cited carries the verdict."""
