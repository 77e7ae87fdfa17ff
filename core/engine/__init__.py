"""Whatever completes a prompt: a protocol, a worker process, and the libraries behind it."""
