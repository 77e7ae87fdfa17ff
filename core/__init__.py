"""Everything Galley does, without a terminal: no module here imports Textual, click, or a front end."""
