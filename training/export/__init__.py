"""A trained model -> a version directory that a model server can load and a gateway can trust (DESIGN, "Agreements").

Nothing becomes visible before every gate has passed: the directory is built under a temporary name and renamed.
"""
