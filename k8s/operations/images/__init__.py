"""Building the images with docker, podman or buildah, and what is in each, as a bill of materials."""
