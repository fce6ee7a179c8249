"""What else could explain a model's answers: sides, background, light, people met before, worse cameras (issue 3).

Each probe is a function that returns plain JSON. Crops are read batch by batch, so memory does not grow with the data set.
"""
