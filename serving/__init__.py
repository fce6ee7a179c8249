"""What a model version promises, how it is stored and called, and the server that serves it."""
