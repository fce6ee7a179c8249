"""The sidecar of a model server: is the pinned version there, and does it still answer as it did when it was exported?"""
