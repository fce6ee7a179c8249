"""The agreement between whoever makes a model and whoever calls it: photo, face, crop, severity, contract, errors."""
