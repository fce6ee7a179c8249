"""The sentinel outside: asks the site's own front door for the answers of golden photos, and says whether they are right.

The sentinel inside each gateway asks golden *crops* and looks at the version's files; it sees neither what is in front of the gateway nor
what makes a crop of a photo. This one sends whole photos the way a client does: through ingress, TLS, keys, decoding, the face stage,
the model and the policy. Its photos are of the traffic class `sentinel`, so they count neither for drift nor for objectives.
"""
