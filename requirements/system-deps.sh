#!/usr/bin/env bash
# Debian packages that the tests use as real parts: Chromium, Prometheus, Alertmanager, PostgreSQL, strace. Needs root or sudo.
# `--if-allowed`: do nothing, and say so, where there is neither (tests that need them are then left out by name).
set -euo pipefail
packages=(chromium chromium-driver prometheus prometheus-alertmanager postgresql strace python3-venv)
programs=(chromium chromedriver prometheus prometheus-alertmanager postgres strace)

is_here() {
    # Debian keeps PostgreSQL's server programs off PATH.
    command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

missing=()
for program in "${programs[@]}"; do is_here "$program" || missing+=("$program"); done
if [ ${#missing[@]} -eq 0 ]; then echo "system packages: all here"; exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    elif [ "${1:-}" = --if-allowed ]; then
        echo "system packages: not root, so these stay missing: ${missing[*]} (as root: make system-deps)"
        exit 0
    else
        echo "make system-deps needs root: sudo make system-deps"; exit 1
    fi
fi

install() {
    # Debian starts and enables daemons on install. 101 from policy-rc.d forbids the start, for this install only.
    local policy=/usr/sbin/policy-rc.d wrote_policy=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        wrote_policy=yes
    fi
    local result=0
    { "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; } || result=$?
    if [ "$wrote_policy" = yes ]; then "${as_root[@]}" rm -f "$policy"; fi
    if command -v deb-systemd-helper >/dev/null; then
        for unit in prometheus prometheus-alertmanager postgresql; do
            "${as_root[@]}" deb-systemd-helper disable "$unit.service" >/dev/null 2>&1 || true # absent unit: nothing to disable
        done
    fi
    return "$result"
}

if install; then
    echo "system packages: installed ${missing[*]} (no daemon left enabled)"
elif [ "${1:-}" = --if-allowed ]; then
    echo "system packages: could not be installed, so these may be missing: ${missing[*]}"
else
    exit 1
fi
