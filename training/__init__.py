"""From a folder of faces to a model version: data, fit, evaluation, export."""
