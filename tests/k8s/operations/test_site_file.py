"""The site file: right ones are read, each mistake is a sentence, and the template has every key."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8s.operations.errors import SiteFileInvalid
from k8s.operations.site_file import KEYS, Site
from tests.support.cluster_facts import site, site_text

TEMPLATE = Path(__file__).parents[3] / "k8s/overlays/site-template/site/site.env"


def test_the_template_can_be_read_and_has_every_key_and_no_other():
    assert set(Site.read(TEMPLATE).values) == set(KEYS)


def test_the_templates_host_names_and_addresses_are_known_as_such():
    placeholders = set(Site.read(TEMPLATE).placeholders())
    assert {
        "SITE_HOST",
        "SITE_REGISTRY",
        "SITE_OIDC_ISSUER",
        "SITE_OIDC_RANGE",
        "SITE_DATABASE",
        "SITE_HOST_RANGE",
    } <= placeholders
    assert "SITE_STORAGE_CLASS" not in placeholders


def test_a_right_file_is_read():
    read = site()
    assert read["host"] == "symmetra.st-anna.org"
    assert read.pair("prometheus_label") == ("release", "kube-prometheus-stack")
    assert read.image("symmetra-gateway:0.1.0") == "registry.st-anna.org/symmetra/symmetra-gateway:0.1.0"
    assert read.placeholders() == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("host", "https://symmetra.st-anna.org", "must be a host name"),
        ("intended_use", "diagnosis", "must be one of research"),
        ("registry", "https://registry.st-anna.org", "without https://"),
        ("registry", "registry.st-anna.org/symmetra:1", "without a tag"),
        ("storage_class", "Shared Files", "name of a Kubernetes object"),
        ("gpu_resource", "gpu", "like nvidia.com/gpu"),
        ("gpu_selector", "nvidia.com/gpu.present", "must be KEY=VALUE"),
        ("oidc_issuer", "http://login.st-anna.org", "must begin with https://"),
        ("oidc_issuer", "https://login.st-anna.org/", "must not end in a slash"),
        ("oidc_range", "10.1.2.9", "10.1.2.9/32 for this one address"),
        ("oidc_range", "10.1.2.9/24", "no bits set behind the mask"),
        ("database", "postgres.st-anna.org", "must be HOST:PORT"),
        ("prometheus_url", "prometheus:9090", "must begin with http://"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_key(key, value, says):
    with pytest.raises(SiteFileInvalid) as caught:
        site(**{key: value})
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"SITE_{key.upper()}: {value!r}")
    assert says in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (site_text(host=None), "SITE_HOST: has no value"),
        (site_text(host=""), "SITE_HOST: has no value"),
        (site_text() + "SITE_COLOUR=blue\n", "SITE_COLOUR: no such key"),
        (site_text() + "SITE_HOST=other.st-anna.org\n", "SITE_HOST: stands there twice"),
        (site_text(host=None) + 'SITE_HOST="symmetra.st-anna.org"\n', "without quotes"),
        (site_text(host=None) + "SITE_HOST = symmetra.st-anna.org\n", "without blanks"),
    ],
)
def test_a_wrong_line_is_named(text, says):
    with pytest.raises(SiteFileInvalid, match=says):
        Site.parse(text)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(SiteFileInvalid) as caught:
        site(host="https://a", database="b", oidc_range="c")
    assert len(str(caught.value).splitlines()) == 3


def test_a_file_that_is_not_there_says_what_to_copy(tmp_path):
    with pytest.raises(SiteFileInvalid, match="copy k8s/overlays/site-template"):
        Site.read(tmp_path / "site.env")
