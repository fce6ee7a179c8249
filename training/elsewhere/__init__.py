"""Training on another Keras backend (JAX, PyTorch), where TensorFlow has no GPU: `python -m training fit-elsewhere`.

Nothing here imports TensorFlow. The weights, and how they came about, lie in the run directory under `elsewhere/`; `fit` with
the same options takes them over there, and goes on with calibration and evaluation as after a training of its own. Crops, split,
recipe, rules and networks are the same, but no layers are frozen and a training that is cut off starts anew; the random numbers are
others, so two backends give two different trainings.
"""
