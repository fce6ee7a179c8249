"""Drawn faces with a written label model: for the demo, the tests, load and the sentinel. Needs no TensorFlow.

The faces are drawings by formula, seeded and free of anybody's rights or likeness. The link from severity to droop
is an assumption of ours (`label_model`): nothing learned from these faces says anything about any person.
"""
