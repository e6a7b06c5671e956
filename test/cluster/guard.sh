#!/bin/sh
# Runs a command for no longer than the process that started this script. That process holds the other end of standard
# input: when it closes it, or dies in whatever way, the command is killed. Ends with the command's own status.
exec 3<&0
"$@" </dev/null 3<&- &
command=$!
(
  read -r _ <&3
  kill -KILL "$command"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$command"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
