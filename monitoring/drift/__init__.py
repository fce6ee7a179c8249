"""Has the distribution of the answers, or of the photos, moved away from the reference that the version brings with it?

Everything here works on counts by bin, because counts add up over replicas and over time, and divergences do not: the divergence
of a sum is not the sum, nor the mean, of divergences. `reference` is what is expected, `alternatives` what is looked for,
`detector` says when it was seen, with a rate of false alarms that follows from a budget, and `distances` says how far it is.
"""
