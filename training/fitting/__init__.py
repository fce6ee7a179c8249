"""From crops and a recipe to trained weights: batches, augmentation, the training loop and its rules."""
