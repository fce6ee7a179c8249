"""Sign-in for people: OpenID Connect, authorization code with PKCE, and the session that follows, in a sealed cookie.

`routes` is what a browser meets; `provider` speaks with the identity provider; `sessions` reads and writes the cookie. Nothing
is kept here between two requests, so any replica with the site's secret can go on where another left off.
"""
