"""What a site runs around the manifests: preflight, doctor, secrets, bundle, images. Standard library only, with kubectl beside it.

It imports nothing of the other packages, so that it runs from an unpacked bundle on any machine with Python 3.11.
"""
