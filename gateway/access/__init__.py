"""Who may ask for what: API keys, tokens of an identity provider, scopes, and the table of every route.

`guard` is where a request passes; `routes` says what each needs; `keys` and `tokens` say who asks. Nothing here knows
what a photo is. How a site sets it up: `gateway/ACCESS.md`.
"""
