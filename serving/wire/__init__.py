"""Our own messages, field for field wire-compatible with TensorFlow Serving's."""
