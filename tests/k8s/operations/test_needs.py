"""What rendered manifests need from a cluster is read from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8s.operations.errors import SiteFileInvalid
from k8s.operations.overlay import Needs, Overlay
from tests.support.cluster_facts import site, site_text

RENDERED = """apiVersion: v1
data:
  a: b
kind: ConfigMap
metadata:
  labels:
    name: not-this
  name: gateway-settings
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: models
spec:
  accessModes:
  - ReadWriteMany
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gateway
spec:
  template:
    spec:
      containers:
      - env:
        - name: URL
          valueFrom:
            secretKeyRef:
              key: url
              name: symmetra-records
        - name: MAYBE
          valueFrom:
            secretKeyRef:
              key: url
              name: perhaps
              optional: true
        envFrom:
        - configMapRef:
            name: gateway-settings
        name: gateway
        resources:
          limits:
            nvidia.com/gpu: "1"
      imagePullSecrets:
      - name: symmetra-registry
      runtimeClassName: nvidia
      volumes:
      - configMap:
          name: symmetra-ca
        name: ca
      - name: key
        secret:
          defaultMode: 256
          secretName: symmetra-session-key
      - name: maybe
        secret:
          optional: true
          secretName: perhaps-too
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: gateway
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: gateway
"""


def test_everything_that_is_used_and_not_made_is_needed():
    needs = Needs.of(RENDERED, site())
    assert needs.secrets == {"symmetra-records", "symmetra-registry", "symmetra-session-key"}
    assert needs.config_maps == {"symmetra-ca"}
    assert needs.groups == {"monitoring.coreos.com"}
    assert (needs.shared_volume, needs.gpu, needs.runtime_class, needs.ingress) == (True, True, True, True)


def test_what_is_not_used_is_not_needed():
    needs = Needs.of("apiVersion: v1\nkind: Service\nmetadata:\n  name: gateway\n", site())
    assert not any((needs.shared_volume, needs.gpu, needs.runtime_class, needs.ingress, needs.secrets, needs.groups))


def test_a_route_of_the_gateway_api_is_known():
    route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: gateway\n"
    assert (Needs.of(route, site()).http_route, Needs.of(RENDERED, site()).http_route) == (True, False)


def make_overlay(folder: Path, kustomization: str = "namespace: symmetra\n") -> Path:
    (folder / "site").mkdir(parents=True)
    (folder / "site/site.env").write_text(site_text())
    (folder / "kustomization.yaml").write_text(kustomization)
    return folder


def test_an_overlay_knows_its_namespace_and_its_site(tmp_path):
    overlay = Overlay.read(make_overlay(tmp_path / "hospital"))
    assert overlay.namespace == "symmetra"
    assert overlay.site["host"] == "symmetra.st-anna.org"


def test_a_folder_that_is_no_overlay_says_what_to_copy(tmp_path):
    with pytest.raises(SiteFileInvalid, match="Copy k8s/overlays/site-template"):
        Overlay.read(tmp_path)


def test_an_overlay_without_a_namespace_is_refused(tmp_path):
    with pytest.raises(SiteFileInvalid, match="names no namespace"):
        Overlay.read(make_overlay(tmp_path / "hospital", "resources: []\n"))
