"""PDF and text files into a document, in a worker process with a time and a memory limit."""
