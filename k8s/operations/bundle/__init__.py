"""What a site without internet gets: images as OCI archives, manifests, model, dashboards, bills of materials, checksums."""
