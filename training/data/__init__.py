"""From a folder of photos with labels to crops on disk and a split without leaks. No TensorFlow here."""
