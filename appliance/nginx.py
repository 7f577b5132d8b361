# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``systemd/nginx.conf`` from the routing table: what serves the box, and answers as the development edge does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from appliance.config import Config
from appliance.http_rules import (
    BARE_POLICY,
    DEFAULTS,
    JSON_ERROR_HEADERS,
    JSON_ERRORS,
    NO_STORE,
    READ_TIMEOUT_S,
    RESTARTING,
    STREAM_OVER_MB,
    UPLOAD_TIMEOUT_S,
    UPSTREAM_IDLE_S,
)
from appliance.media_types import DEFAULT, TYPES
from appliance.routes import ROUTES, Files, Origin, Proxy, Root, Route, Service


@dataclass(frozen=True, slots=True)
class Site:
    """Where this nginx listens and keeps its own files."""

    hub_port: int = 80
    content_port: int = 8081
    address: str = "*"
    static: Path = Path("/usr/share/cartable/static")
    """Our front-end files, installed there by the image."""
    work: Path = Path("/run/cartable-nginx")
    """Temporary bodies: none is larger than what a route holds."""
    pid: Path = Path("/run/cartable-nginx/nginx.pid")
    user: str = ""
    """Who the workers are when nginx is started by root. Empty: who we are (on the box the unit says who)."""
    workers: str = "auto"


def render(config: Config, site: Site = Site()) -> str:
    """The complete configuration file of nginx (1.22 or newer)."""
    user = [f"user {site.user};"] if site.user else []
    lines = [
        # REUSE-IgnoreStart
        "# SPDX-FileCopyrightText: 2026 The Cartable authors",
        "# SPDX-License-Identifier: AGPL-3.0-or-later",
        # REUSE-IgnoreEnd
        "# Made by `cartable nginx` from appliance/routes.py: change that, not this.",
        *user,
        f"worker_processes {site.workers};",
        "worker_rlimit_nofile 8192;",
        f"pid {site.pid};",
        "error_log stderr warn;",
        "events { worker_connections 2048; }",
        "http {",
        *_indent(_http(config, site)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"{head} {{", *_indent(lines), "}"]


def _http(config: Config, site: Site) -> list[str]:
    types = [f'"{kind}" {suffix};' for suffix, kind in sorted(TYPES.items())]
    return [
        *_block("types", types),
        f"default_type {DEFAULT};",
        *_limits(site),
        "# A WebSocket is passed on; any other connection to a service is kept open.",
        *_block("map $http_upgrade $connection_upgrade", ["default upgrade;", '"" "";']),
        *_maps(),
        *[line for service in Service for line in _upstream(config, service)],
        *_server(config, site, Origin.HUB, site.hub_port),
        *_server(config, site, Origin.CONTENT, site.content_port),
    ]


def _limits(site: Site) -> list[str]:
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return [
        "# No log of who reads what, nothing written to the card but uploads.",
        "access_log off;",
        "log_not_found off;",
        "server_tokens off;",
        *[f"{name}_temp_path {site.work / name};" for name in temporary],
        "proxy_max_temp_file_size 0;",
        "sendfile on;",
        "sendfile_max_chunk 512k;",
        "tcp_nopush on;",
        "max_ranges 1;",
        "gzip_vary on;",
        "client_header_timeout 10s;",
        "client_body_timeout 30s;",
        "send_timeout 120s;",
        "keepalive_timeout 65s;",
        "reset_timedout_connection on;",
        "large_client_header_buffers 4 8k;",
        "ignore_invalid_headers on;",
        "underscores_in_headers off;",
        "absolute_redirect off;",
        *[f"limit_conn_zone $binary_remote_addr zone={route.name}:256k;" for route in ROUTES if _bounded(route)],
        "limit_conn_status 503;",
        "limit_conn_log_level info;",
    ]


def _bounded(route: Route) -> bool:
    return isinstance(route.target, Proxy) and route.target.at_once > 0


def _maps() -> list[str]:
    """Default headers where the service gave none; and no error cached as if it were the file."""
    lines = []
    for name, value in DEFAULTS:
        lines += _block(f"map $sent_http_{_snake(name)} $default_{_snake(name)}", [f'"" "{value}";', 'default "";'])
    for value in _cache_values():
        lines += _block(f"map $status ${_cache_variable(value)}", [f'"~^[23]" "{value}";', f'default "{NO_STORE}";'])
    return lines


def _cache_values() -> list[str]:
    return sorted({value for route in ROUTES for name, value in route.headers if name == "Cache-Control"})


def _cache_variable(value: str) -> str:
    return f"cache_{_cache_values().index(value)}"


def _snake(name: str) -> str:
    return name.lower().replace("-", "_")


def _upstream(config: Config, service: Service) -> list[str]:
    server = f"server unix:{config.box.run}/{service}.sock max_fails=0;"
    return _block(f"upstream {service}", [server, "keepalive 16;", f"keepalive_timeout {UPSTREAM_IDLE_S}s;"])


def _server(config: Config, site: Site, origin: Origin, port: int) -> list[str]:
    listen = [f"listen {site.address}:{port} default_server backlog=1024;"]
    if site.address == "*":
        listen = [f"listen {port} default_server backlog=1024;", f"listen [::]:{port} default_server ipv6only=on;"]
    routes = [route for route in ROUTES if route.origin is origin]
    lines = [
        *listen,
        "server_name _;",
        "# What a browser would have resolved, or never sends.",
        # nginx takes one of two backslashes away, the regular expression another.
        r'if ($request_uri ~* "^[^?]*(?:/|%2f|\\\\|%5c)(?:\.|%2e){1,2}(?:/|%2f|\\\\|%5c|\?|$)") { return 400; }',
        r'if ($request_uri ~ "^[^?]*%(?![0-9A-Fa-f]{2})") { return 400; }',
        "error_page 502 @restarting;",
        *_block("location @restarting", _restarting()),
        *[line for route in routes for line in _location(config, site, route)],
    ]
    if any(route.json_errors for route in routes):
        lines += [line for status, text in JSON_ERRORS.items() for line in _json_error(status, text)]
    if origin is Origin.CONTENT:
        lines += _block("location /", [*_headers((("Cache-Control", NO_STORE),)), "return 404;"])
    return _block("server", lines)


def _restarting() -> list[str]:
    extra = (("Cache-Control", NO_STORE), ("Retry-After", "2"), ("Content-Security-Policy", BARE_POLICY))
    return ['default_type "text/html; charset=utf-8";', *_headers(extra), f'return 502 "{RESTARTING}";']


def _json_error(status: int, text: str) -> list[str]:
    lines = [
        "default_type application/json;",
        *_headers(JSON_ERROR_HEADERS),
        f'return {status} \'{{"error":"{text}"}}\';',
    ]
    return _block(f"location @json_{status}", lines)


def _headers(headers: tuple[tuple[str, str], ...]) -> list[str]:
    """``add_header`` is inherited only where a level has none of its own, so each location states all of them."""
    lines = []
    own = {name for name, _ in headers}
    for name, value in headers:
        shown = f"${_cache_variable(value)}" if name == "Cache-Control" and value in _cache_values() else f'"{value}"'
        lines.append(f"add_header {name} {shown} always;")
    lines += [f"add_header {name} $default_{_snake(name)} always;" for name, _ in DEFAULTS if name not in own]
    return lines


def _location(config: Config, site: Site, route: Route) -> list[str]:
    head = f'location ~ "{route.pattern}"'
    headers = _headers(route.headers)
    if isinstance(route.target, Proxy):
        return [f"# {route.name}", *_block(head, [*_pass(site, route, route.target), *headers])]
    fallback = f"@{route.name}" if route.target.fallback else "=404"
    lines = _block(head, [*_files(config, site, route.target, fallback), *headers])
    if route.target.fallback:
        lines += _block(f"location {fallback}", [*_pass(site, route, Proxy(route.target.fallback)), *headers])
    return [f"# {route.name}", *lines]


def _files(config: Config, site: Site, target: Files, fallback: str) -> list[str]:
    root = {Root.LIBRARY: config.library_folder, Root.STATIC: site.static}[target.root]
    path = re.sub(r"\{(\w+)\}", r"${\1}", target.path)
    lines = [f"root {root};", f"disable_symlinks on from={root};"]
    if target.precompressed:
        lines.append("gzip_static on;")
    return [*lines, f"try_files /{path} {fallback};"]


def _pass(site: Site, route: Route, target: Proxy) -> list[str]:
    upload = target.max_body_mb > STREAM_OVER_MB and not target.held
    silence = UPLOAD_TIMEOUT_S if upload else READ_TIMEOUT_S
    lines = [
        f"client_max_body_size {target.max_body_mb}m;",
        f"proxy_pass http://{target.service};",
        "proxy_http_version 1.1;",
        "proxy_connect_timeout 5s;",
        f"proxy_read_timeout {silence:.0f}s;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_upgrade;",
        "proxy_set_header Host $http_host;",
        f"proxy_set_header X-Cartable-Origin {route.origin};",
        f"proxy_set_header X-Cartable-Content-Port {site.content_port};",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        *[f'proxy_set_header {name} "";' for name in _NOT_THEIRS],
        *[f"proxy_hide_header {name};" for name, _ in route.headers],
    ]
    if target.at_once:
        lines.append(f"limit_conn {route.name} {target.at_once};")
    if target.held:
        lines.append("client_body_buffer_size 256k;")
    if target.streams:
        lines.append("proxy_buffering off;")
    if route.json_errors:
        lines += [f"error_page {status} @json_{status};" for status in JSON_ERRORS]
    return [*lines, "proxy_request_buffering off;"] if upload or target.unwritten else lines


_NOT_THEIRS = ("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded", "TE",
               "Proxy-Connection", "Proxy-Authorization")  # fmt: skip
