# One model version in an image, for sites that move models as they move programs. The context is a folder with the version's directory as
# `model` and its approval as `approval.json`; `python -m k8s.operations images model` lays it out.
# `python -m serving.repository publish /model` in it checks every file against the manifest before the version appears,
# `adopt /approval.json` takes over the approval for exactly that content.

# No default: the gateway's image of the same release, by digest.
ARG GATEWAY_IMAGE
FROM ${GATEWAY_IMAGE}

ARG MODEL_VERSION
ARG CREATED
LABEL org.opencontainers.image.title="symmetra-model" \
    org.opencontainers.image.description="One version of the model, and the program that checks and publishes it." \
    org.opencontainers.image.version="${MODEL_VERSION}" \
    org.opencontainers.image.created="${CREATED}"

COPY model/ /model/
COPY approval.json /approval.json
USER 10001:10001
ENTRYPOINT ["python", "-m", "serving.repository"]
CMD []
