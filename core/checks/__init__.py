"""What looks wrong in a cleaned text, found by comparing it with its source."""
