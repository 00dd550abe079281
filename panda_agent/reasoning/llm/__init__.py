"""The reasoner that asks a language model, and keeps it honest."""
