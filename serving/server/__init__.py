"""The embedded model server: TensorFlow Serving's contract for laptops and CI."""
