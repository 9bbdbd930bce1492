#!/bin/sh
# What a pipeline runs: on a branch it checks and shows the difference, on main it applies.
#   ./deploy.sh check | apply
set -eu
cd "$(dirname "$0")"
everybeat="${EVERYBEAT:-npx everybeat}"

case "$1" in
  check)
    $everybeat validate schedules
    # 3 says that something differs: that is what a change is for.
    $everybeat diff -f schedules --owner gitops || [ $? -eq 3 ]
    ;;
  apply)
    $everybeat apply -f schedules --owner gitops --prune remove
    ;;
esac
