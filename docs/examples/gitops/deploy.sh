#!/bin/sh
# The script of a pipeline: on a branch it checks and shows the difference, on main it applies.
#   ./deploy.sh check | apply
set -eu
cd "$(dirname "$0")"
everybeat="${EVERYBEAT:-npx everybeat}"

case "$1" in
  check)
    $everybeat validate schedules
    # Exit code 3 means a difference, which a change is expected to have.
    $everybeat diff -f schedules --owner gitops || [ $? -eq 3 ]
    ;;
  apply)
    $everybeat apply -f schedules --owner gitops --prune remove
    ;;
esac
