# Processes that ./dev starts and ends. A pid file holds the pid and the process's start time, so that a pid which
# was given to another process in the meantime is never touched.

# start_time PID: the process's start in clock ticks since boot; empty when there is no such process.
start_time() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# running PIDFILE: true while the process that the file names is alive.
running() {
  local pid start
  [ -s "$1" ] || return 1
  read -r pid start <"$1"
  [ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ] && ! grep -q '^State:\s*Z' "/proc/$pid/status" 2>/dev/null
}

# start_in_background PIDFILE LOG COMMAND…: starts it detached from this terminal.
start_in_background() {
  local file=$1 log=$2 pid
  shift 2
  mkdir -p "$(dirname "$file")" "$(dirname "$log")"
  setsid "$@" </dev/null >>"$log" 2>&1 &
  pid=$!
  disown
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$file"
}

# stop_process PIDFILE SECONDS: TERM, then KILL when it is still there after SECONDS; removes the file.
stop_process() {
  local file=$1 limit=$2 pid start i
  if running "$file"; then
    read -r pid start <"$file"
    kill -TERM "$pid" 2>/dev/null || true
    for ((i = 0; i < limit * 20; i++)); do
      running "$file" || break
      sleep 0.05
    done
    if running "$file"; then
      note "process $pid is still there after $limit s: killing it"
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 5 not_running "$file" || true
    fi
  fi
  rm -f "$file"
}

not_running() { ! running "$1"; }

# wait_until SECONDS COMMAND…: runs the command until it succeeds; false when it did not within SECONDS.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt "$end" ] || return 1
    sleep 0.1
  done
}

# wait_for_process PIDFILE LOG SECONDS CONDITION WHAT: waits for the condition; fails with the log when the process ends or
# the time is over. WHAT says what did not happen.
wait_for_process() {
  local file=$1 log=$2 limit=$3 condition=$4 what=$5 end=$((SECONDS + $3))
  until $condition >/dev/null 2>&1; do
    running "$file" || { show_tail "$log"; fail "$what: its process has ended" "the whole log: $log" "take everything down with: ./dev down"; }
    [ $SECONDS -lt $end ] || { show_tail "$log"; fail "$what, after $limit s" "the whole log: $log"; }
    sleep 0.1
  done
}
