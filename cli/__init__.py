"""The command line: click commands over galley.core."""
