# What ./dev says: progress on stdout, trouble on stderr, colours only on a terminal (and never with NO_COLOR).

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

# step TEXT: one thing that ./dev now does.
step() { printf '%s==>%s %s\n' "$BOLD$GREEN" "$PLAIN" "$*"; }

# note TEXT: a detail below a step.
note() { printf '    %s%s%s\n' "$DIM" "$*" "$PLAIN"; }

# fail WHAT [NEXT…]: says what went wrong and, a line each, what to do next; ends the command.
fail() {
  local what=$1 next
  shift
  printf '%s./dev: %s%s\n' "$RED" "$what" "$PLAIN" >&2
  for next in "$@"; do printf '  %s\n' "$next" >&2; done
  exit 1
}

# show_tail FILE [LINES]: the end of a log, indented, on stderr.
show_tail() {
  [ -s "$1" ] || return 0
  printf '  the end of %s:\n' "$1" >&2
  tail -n "${2:-20}" "$1" | sed 's/^/    | /' >&2
}

# seconds_since START: SECONDS gone by since START (a value of $SECONDS).
seconds_since() { echo $((SECONDS - $1)); }
