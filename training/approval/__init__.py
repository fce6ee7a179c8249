"""May this version go live? Candidate and champion on the same hold-out, through the model server, against a change policy.

Nothing here imports TensorFlow: the model server is a process of its own, and what compares takes arrays.
"""
