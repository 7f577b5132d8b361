# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The LANs that this machine is on (getifaddrs(3), by ifaddr): small, for processes that publish nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import ifaddr

_VIRTUAL = ("lo", "docker", "veth", "br-", "virbr", "vmnet", "vboxnet", "tun", "tap", "wg", "lxc", "cni", "podman")

Networks = Mapping[str, tuple[str, ...]]
"""Interface -> its addresses, an IPv4 one first."""


def networks() -> dict[str, tuple[str, ...]]:
    """The LANs that this machine is on now: interfaces with an IPv4 address, but for loopback and virtual ones."""
    found = {}
    for adapter in ifaddr.get_adapters():
        if adapter.name.startswith(_VIRTUAL):
            continue
        texts = sorted(
            {str(ip.ip if ip.is_IPv4 else ip.ip[0]) for ip in adapter.ips}, key=lambda text: (":" in text, text)
        )
        addresses = tuple(text for text in texts if _useful(text))
        if addresses and ":" not in addresses[0]:
            found[adapter.name] = addresses
    return found


def _useful(text: str) -> bool:
    address = ipaddress.ip_address(text)
    # A link-local IPv6 address needs the reader's own interface name: no browser takes it from a host name. To a global
    # one a tablet comes with its own, and the box answers to private ones only (systemd/cartable-nginx.service).
    far = address.version == 6 and (address.is_link_local or address.is_global)
    return not (address.is_loopback or address.is_multicast or far)
