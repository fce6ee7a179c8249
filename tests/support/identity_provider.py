"""A real identity provider over HTTP on this machine: discovery, keys, and tokens of any kind, wrong ones too."""

from __future__ import annotations

import base64
import json
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

AUDIENCE = "symmetra"
SUBJECT = "zq-person"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@lru_cache
def make_key(kid: str, kind: str) -> RSAKey | ECKey | OKPKey:
    """A key of that name, the same for every provider of a test run: making one of RSA takes a while."""
    if kind == "RSA":
        return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})
    return ECKey.generate_key("P-256", {"kid": kid}) if kind == "EC" else OKPKey.generate_key("Ed25519", {"kid": kid})


class IdentityProvider:
    """Serves until the end of the block. What it answers can be changed at any time."""

    def __init__(self, port: int = 0) -> None:
        self.keys = [make_key("first", "RSA")]
        self.requests: list[str] = []
        self.status = 200
        self.named_issuer: str | None = None
        self.keys_address: str | None = None
        self.raw_keys: object = None
        """Served in place of the keys."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests.append(self.path)
                provider.answer_get(self)

            def do_POST(self) -> None:
                provider.requests.append(self.path)
                provider.answer_post(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def fetches(self) -> int:
        """How often the keys were read."""
        return self.requests.count("/keys")

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {"Location": f"{self.address}/elsewhere"} if self.status == 302 else {}
        self.send(handler, self.status, json.dumps(self.document(handler.path)), headers)

    def answer_post(self, handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        """This one signs nobody in; `sign_in_provider` does."""
        self.send(handler, 405, "{}")

    def send(self, handler: BaseHTTPRequestHandler, status: int, content: str, headers=None) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content.encode())

    def document(self, path: str) -> object:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.named_issuer or self.address,
                "jwks_uri": self.keys_address or f"{self.address}/keys",
            }
        if self.raw_keys is not None:
            return self.raw_keys
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def rotate(self, kid: str, *, kind: str = "RSA", keep: bool = False) -> None:
        """Sign with a new key from now on."""
        self.keys = [make_key(kid, kind), *(self.keys if keep else ())]

    def token(self, *, key=None, algorithm: str | None = None, header=None, **changes: object) -> str:
        """A token that is right but for the changed claims; a claim of None is left out, and a function is given the time."""
        key = key or self.keys[0]
        algorithm = algorithm or {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519", "oct": "HS256"}[key.key_type]
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + 300, "scope": "screen openid",
        } | changes  # fmt: skip
        claims = {name: value(now) if callable(value) else value for name, value in claims.items() if value is not None}
        head = {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        # By hand, because the library writes no wrong ones.
        signed = f"{base64url(json.dumps(head).encode())}.{base64url(json.dumps(claims).encode())}"
        return f"{signed}.{base64url(JWSRegistry.algorithms[algorithm].sign(signed.encode(), key))}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
