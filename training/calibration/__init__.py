"""What is chosen on the validation split after training: the temperature of p, and when no band is given."""
