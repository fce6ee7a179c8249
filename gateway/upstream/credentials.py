"""gRPC's credentials from the TLS files, read again when a file was replaced: certificates are renewed under running gateways."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import grpc

from gateway.logs import log_event
from gateway.upstream.tls_files import TlsFiles

State: TypeAlias = tuple[tuple[int, int, int], ...]


class Credentials:
    """The credentials for a new channel. Channels opened with the same ones share their connections.

    Args:
        files: Checked by `require_tls_files`.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._paths = [path for path in (files.ca, files.client_certificate, files.client_key) if path is not None]
        self._state = self._look()
        self._current = self._read()

    def current(self) -> grpc.ChannelCredentials:
        """The newest that can be read; the ones before while the files are not all there. Safe in any thread."""
        try:
            state = self._look()
            if state != self._state:
                self._current = self._read()
                self._state = state
                log_event("certificates read again", {})
        except OSError as error:
            log_event("certificates cannot be read", {}, error=error)
        return self._current

    def _read(self) -> grpc.ChannelCredentials:
        certificate, key = self._files.client_certificate, self._files.client_key
        return grpc.ssl_channel_credentials(
            root_certificates=self._files.ca.read_bytes(),
            private_key=None if key is None else key.read_bytes(),
            certificate_chain=None if certificate is None else certificate.read_bytes(),
        )

    def _look(self) -> State:
        return tuple(_state_of(path) for path in self._paths)


def _state_of(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
