"""The three ways to clean a chunk: rules, verbatim and rewrite."""
