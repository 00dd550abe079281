"""Measures, one file a question. Each gives null where it is undefined, never 0."""
