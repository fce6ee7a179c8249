"""Which batching and threads let a model server answer more, found by trying, beside TensorFlow Serving's defaults."""
