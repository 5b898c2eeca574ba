#!/bin/bash
# Is the unit one that systemd takes, with an exposure of at most 1.7? usage: unit.sh UNIT
set -euo pipefail
command -v systemd-analyze > /dev/null || { echo "systemd-analyze is not installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed 's#/usr/local/bin/utwatch#/bin/true#; /^Documentation=/d' "$1" > "$folder/utwatch@eth1.service"
systemd-analyze verify "$folder/utwatch@eth1.service"
systemd-analyze security --offline=yes --threshold=17 "$folder/utwatch@eth1.service" | tail -n 1
