"""The Flask gateway: a photo over HTTP in, a severity band or a reason why not out."""
