#!/bin/sh
# Removes a directory as soon as the process that started this script lets go of standard input, by closing it or by dying.
# Programs that are being killed at the same moment may still write there, so it tries again for a while.
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  sleep 0.2
done
exit 1
