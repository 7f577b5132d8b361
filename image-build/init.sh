#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# The first program: finds the root (root=LABEL=…, on a card, a USB disk or an emulator's), mounts it read-only, leaves.
# The kernel restarts after a panic (panic= on its command line): the watchdog's driver comes first, it restarts a Pi.
/bin/busybox mkdir -p /dev /proc /sys /root /bin
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev && mount -t proc proc /proc && mount -t sysfs sys /sys
# Until cartable-console.service knows better, and the language.
printf '\033[?25l\033[2J\033[H\n  La boîte démarre : un instant.\n  The box is starting: one moment.\n' >/dev/tty1 2>/dev/null || true
while read -r module; do
  insmod "/modules/$module" 2>/dev/null || true
done </modules/order
root=
for word in $(cat /proc/cmdline); do
  case $word in root=*) root=${word#root=} ;; esac
done
# Times are tenths of a second: an idle card answers in two or three.
tries=0
found() {
  case $root in
    LABEL=*)
      device=$(sh /choose "${root#LABEL=}")
      # A card in the slot may take two seconds longer than a stick that has the same label.
      case $? in 0) ;; 2) [ $tries -ge 20 ] ;; *) false ;; esac
      ;;
    UUID=*) device=$(findfs "$root" 2>/dev/null) ;;
    *) device=$root && [ -b "$device" ] ;;
  esac
}
until found; do
  tries=$((tries + 1))
  if [ $tries -ge 600 ]; then
    echo "cartable: no $root in 60 seconds: write the image to the card again" >/dev/kmsg
    sleep 5
    echo c >/proc/sysrq-trigger
  fi
  sleep 0.1
done
mount -t ext4 -o ro "$device" /root || { echo "cartable: $device cannot be mounted" >/dev/kmsg; sleep 5; echo c >/proc/sysrq-trigger; }
mount -o move /dev /root/dev
umount /proc /sys
exec switch_root /root /usr/lib/systemd/systemd
