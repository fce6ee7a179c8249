"""TLS for gRPC from `--ssl_config_file`: an SSLConfig in text format, with the PEM texts inline. REST stays plain HTTP."""

from __future__ import annotations

from pathlib import Path

import grpc

from serving.server.errors import InvalidArgument
from serving.server.text_files import read_text_proto
from serving.wire.server_config_pb2 import SSLConfig


def read_credentials(path: Path) -> grpc.ServerCredentials:
    """The credentials that the file describes. Whether key and certificate fit shows when a port is opened.

    Raises:
        InvalidArgument: The file cannot be parsed, or something in it is missing.
    """
    config = read_text_proto(path, SSLConfig())
    if not config.server_key or not config.server_cert:
        message = f"server_key and server_cert must stand in '{path}'"
        raise InvalidArgument(message)
    if config.client_verify and not config.custom_ca:
        message = f"client_verify needs custom_ca in '{path}': whose certificates may clients show?"
        raise InvalidArgument(message)
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
