"""Who makes the load: what is sent, how answers are checked, and the pace, which waits for nobody.

Modules here run inside Locust, whose gevent makes sockets wait without keeping others from running.
"""
