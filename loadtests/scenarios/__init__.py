"""Scenarios: the whole system on this machine, traffic, something that goes wrong, and which alerts must be told of it, when, and be over.

`*.yaml` beside this are the committed ones. Alone among the load tests this package starts a system of its own, and so imports what starts
one (`serving.local`) and what makes a version live (`serving.repository`); the gateway and monitoring are processes here, as everywhere.

Its photos are of the class `patient`, which other load tests may never send: alarms count no other. It is allowed because nobody's system is
asked: a scenario knows no target. It starts its own on 127.0.0.1, makes the key itself, sends drawn faces, and stops all of it at its end.
"""
