#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# boot.sh SYSTEM WORK PYTHON SITE TERMINAL: in namespaces of its own, a throw-away copy of the Debian below SYSTEM with our
# units installed, started by its own systemd. PYTHON (empty: its own) and SITE are a Python and the packages it runs us with;
# TERMINAL is shown to it as its first. What lies in WORK/extra is laid over the copy.
set -eu
system=$1 work=$2 python=$3 site=$4 terminal=$5
here=$(cd "$(dirname "$0")/../.." && pwd)
r=$work/root
mount --make-rprivate /
mkdir -p "$r" "$work/over"
mount -t tmpfs -o mode=755 tmpfs "$work/over"
mkdir "$work/over/upper" "$work/over/work" "$work/over/site" "$work/over/site-work"
mount -t overlay -o "lowerdir=$system,upperdir=$work/over/upper,workdir=$work/over/work" overlay "$r"
mount -t proc proc "$r/proc"
# Read-only: no udev, which would give the network card another address in mid-sentence.
mount -t sysfs -o ro sysfs "$r/sys"
mount -t cgroup2 cgroup2 "$r/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$r/run"
mount -t tmpfs -o mode=1777 tmpfs "$r/tmp"
mount -t tmpfs -o mode=755 tmpfs "$r/dev"
for node in null zero full random urandom tty; do
  touch "$r/dev/$node"
  mount --bind "/dev/$node" "$r/dev/$node"
done
mkdir "$r/dev/pts" "$r/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$r/dev/pts"
mount -t tmpfs tmpfs "$r/dev/shm"
ln -s pts/ptmx "$r/dev/ptmx"
ln -s /proc/self/fd "$r/dev/fd"
touch "$r/dev/tty0" "$r/dev/tty1"
mount --bind "$terminal" "$r/dev/tty1"

lib=$r/usr/lib/cartable
version=$(basename "$(dirname "$site")")
mkdir -p "$lib/python" "$lib/venv/bin" "$lib/venv/lib/$version/site-packages" "$r/usr/share/cartable"
home=/usr/bin
if [ -n "$python" ]; then
  home=/usr/lib/cartable/python/bin
  mount --bind "$python" "$lib/python"
fi
mount -t overlay -o "lowerdir=$site,upperdir=$work/over/site,workdir=$work/over/site-work" overlay \
  "$lib/venv/lib/$version/site-packages"
rm -f "$lib/venv/lib/$version/site-packages"/__editable__*cartable*
cp -r "$here/appliance" "$here/provisioning" "$lib/venv/lib/$version/site-packages/"
echo "home = $home" >"$lib/venv/pyvenv.cfg"
ln -s "$home/$version" "$lib/venv/bin/python"
printf '#!/usr/lib/cartable/venv/bin/python\nimport sys\nfrom appliance.__main__ import main\nsys.exit(main())\n' \
  >"$lib/venv/bin/cartable"
chmod 755 "$lib/venv/bin/cartable"
cp -r "$here/appliance/hub/static" "$r/usr/share/cartable/static"
cp -r "$here/demonstration" "$r/usr/share/cartable/demonstration"
sh "$here/systemd/install.sh" "$r"
[ ! -d "$work/extra" ] || cp -r "$work/extra/." "$r/"
systemd-sysusers --root="$r" "$r/usr/lib/sysusers.d/cartable.conf" 2>/dev/null
rm -rf "$r/var/log/journal"
mkdir "$r/old"
cd "$r"
pivot_root . old
umount -l /old
exec env -i container=cartable-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=cartable.target --show-status=no
