"""In a running installation: which of the known pitfalls can be seen? DOCTOR.md beside this package lists what is looked at and what cannot be."""
