#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# units_debian.sh FOLDER PIP: the card's release of Debian (13) for this machine's kind of processor, and our packages for
# its Python, where `make units-test` looks for them. Needs root and mmdebstrap; about 700 MB and three minutes.
set -eu
folder=$1 pip=$2
command -v mmdebstrap >/dev/null || {
  echo "make units-test needs mmdebstrap (apt-get install mmdebstrap)" >&2
  exit 1
}
rm -rf "$folder"
mkdir -p "$folder/packages/python3.13/site-packages"
mmdebstrap --quiet --mode=root --variant=apt --components=main \
  --include=systemd-sysv,nginx,python3.13,dbus,e2fsprogs,network-manager,curl trixie "$folder/system" \
  http://deb.debian.org/debian
platforms=""
for glibc in 17 24 26 27 28 31 34 35 39 40 41; do
  platforms="$platforms --platform manylinux_2_${glibc}_$(uname -m)"
done
# shellcheck disable=SC2086
"$pip" install -q --target "$folder/packages/python3.13/site-packages" --python-version 3.13 $platforms \
  --platform "manylinux2014_$(uname -m)" --only-binary=:all: --no-deps --require-hashes -r requirements.lock
"$pip" install -q --target "$folder/packages/python3.13/site-packages" --no-deps .
touch "$folder/.made"
