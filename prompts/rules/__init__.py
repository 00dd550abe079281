"""Rule packs that ship, one YAML file each."""
