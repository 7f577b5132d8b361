#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# Installs the system packages that the tests run on real: a browser, nginx, network tools, Node for the front-end
# linters, systemd to read our units. Does nothing where they are there; says what is missing where apt may not be used.
set -eu
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
command -v ip >/dev/null || [ -x /usr/sbin/ip ] || missing="$missing iproute2"
command -v node >/dev/null || missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
command -v curl >/dev/null || missing="$missing curl"
command -v zip >/dev/null || missing="$missing zip"
command -v mount >/dev/null && command -v setpriv >/dev/null || missing="$missing mount util-linux"
command -v mke2fs >/dev/null || [ -x /usr/sbin/mke2fs ] || missing="$missing e2fsprogs"
command -v sfdisk >/dev/null || [ -x /usr/sbin/sfdisk ] || missing="$missing fdisk"
command -v strace >/dev/null || missing="$missing strace"
command -v espeak-ng >/dev/null || missing="$missing espeak-ng"
command -v arecord >/dev/null && command -v aplay >/dev/null || missing="$missing alsa-utils"
fc-list 2>/dev/null | grep -qi emoji || missing="$missing fontconfig fonts-noto-color-emoji"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  sudo -n apt-get update -qq >/dev/null
  # shellcheck disable=SC2086
  sudo -n apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "make test needs these packages:$missing (apt-get install$missing)" >&2
  [ "${CI:-}" = true ] && exit 1
fi
exit 0
