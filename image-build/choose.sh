#!/bin/busybox sh
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# choose LABEL: the partition of that label to run from. Another card or stick may bear the same one: the card in the slot
# comes first, as in the boot ROM, unless the firmware (of a Pi 4) says that it started from USB. Status 0: it is this one;
# 2: it is, unless a card in the slot is still to come; 1: there is none yet.
label=$1
dev=${DEV:-/dev} tree=${TREE:-/proc/device-tree} sys=${SYS:-/sys}
# Four bytes, big-endian: 1 card, 4 USB storage (raspberrypi.com, "BOOT_ORDER").
mode=$(od -An -tx1 "$tree/chosen/bootloader/boot-mode" 2>/dev/null | tr -d ' ')
cards="$dev/mmcblk*p*" sticks="$dev/sd*" others="$dev/vd* $dev/nvme*"
order="$cards $sticks $others"
[ "$mode" != 00000004 ] || order="$sticks $cards $others"
# An ext4 has its label 120 bytes into the superblock, which begins at 1024.
for device in $order; do
  if [ -e "$device" ] && [ "$(dd if="$device" bs=1 skip=1144 count=16 2>/dev/null | tr -d '\0')" = "$label" ]; then
    echo "$device"
    case $device in "$dev"/mmcblk*) exit 0 ;; esac
    [ "$mode" != 00000004 ] && [ -n "$(ls "$sys/class/mmc_host" 2>/dev/null)" ] && exit 2
    exit 0
  fi
done
exit 1
