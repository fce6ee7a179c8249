"""Who is let in, and who is told to come back: an unbounded queue turns overload into everybody's timeout.

Used by the greenlets of one thread only, so nothing in this package needs a lock.
"""
