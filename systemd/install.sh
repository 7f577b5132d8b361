#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# install.sh ROOT: the units, and what belongs to them, where a Debian system below ROOT looks for them.
set -eu
from=$(cd "$(dirname "$0")" && pwd)
root=${1:?"install.sh ROOT (/ for this machine)"}
root=${root%/}
put() {
  install -d -m 755 "$root$1"
  shift_to=$1
  shift
  install -m 644 "$@" "$root$shift_to"
}
put /usr/lib/systemd/system "$from"/*.service "$from"/*.target "$from"/*.timer "$from"/*.socket "$from"/*.mount
for folder in "$from"/*.service.d; do
  put "/usr/lib/systemd/system/$(basename "$folder")" "$folder"/*.conf
done
for folder in journald.conf.d system-preset; do
  put "/usr/lib/systemd/$folder" "$from/$folder"/*
done
put /usr/lib/sysusers.d "$from"/sysusers.d/*.conf
put /usr/lib/sysctl.d "$from"/sysctl.d/*.conf
put /usr/lib/tmpfiles.d "$from"/tmpfiles.d/*.conf
put /usr/lib/cartable "$from/nginx.conf" "$from/data.conf"
install -m 755 "$from/disk" "$from/provision" "$root/usr/lib/cartable/"
