"""Prompt packs that ship: one YAML file each."""
