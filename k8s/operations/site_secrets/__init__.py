"""The Secrets of a site: those that are random are made here, the others are taken from files; none is ever shown or written to a disk."""
