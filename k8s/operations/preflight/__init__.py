"""Before an installation: does the cluster have what the site file says, and can pods reach what they must?"""
