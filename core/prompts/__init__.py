"""The prompts, one TOML file each."""
