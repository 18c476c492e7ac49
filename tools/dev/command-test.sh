source "$REPO/tools/dev/command-prepare.sh"

TEST_RESULTS=$OUT/tests
TEST_CONFIGURATION=Release
TEST_LIMIT=${CYBERNETES_TEST_LIMIT:-1200} # seconds for one test project

# Every test project (or those whose name holds one of the given words). The last line tells the sum over all of them.
command_test() {
  local started=$SECONDS project names=() alone=()
  need_dotnet
  need_packages "$RUNTIME_PACKAGES" "$BUILD_PACKAGES" "$TEST_PACKAGES" "$CLIENT_PACKAGES"
  exec </dev/null
  rm -rf "$TEST_RESULTS"
  mkdir -p "$TEST_RESULTS"

  for project in "$REPO"/tests/*/*.csproj; do
    project=$(basename "$project" .csproj)
    wanted_test "$project" "$@" || continue
    case $project in
      # These start whole clusters on the machine: one project at a time, after the others.
      *.EndToEnd.Tests) alone+=("$project") ;;
      *) names+=("$project") ;;
    esac
  done
  [ $((${#names[@]} + ${#alone[@]})) -gt 0 ] || fail "no test project's name holds: $*" "they are: $(cd "$REPO/tests" && echo *)"

  build_tests "${names[@]}" "${alone[@]}"
  if [ ${#alone[@]} -gt 0 ]; then
    command_prepare
    export CYBERNETES_PREPARED=yes
  fi

  step "testing"
  [ ${#names[@]} -eq 0 ] || printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_tests "$1"' - {}
  for project in "${alone[@]}"; do run_tests "$project"; done
  sum_up "$(seconds_since "$started")" "${names[@]}" "${alone[@]}"
}

wanted_test() {
  local project=$1 word
  shift
  [ $# -gt 0 ] || return 0
  for word in "$@"; do [[ ${project,,} != *${word,,}* ]] || return 0; done
  return 1
}

# All at once by the solution; a few by their own projects.
build_tests() {
  local started=$SECONDS what=("$REPO/Cybernetes.slnx") one
  step "building everything"
  if [ $# -lt "$(ls -d "$REPO"/tests/*/ | wc -l)" ]; then
    what=()
    for one in "$@"; do what+=("$REPO/tests/$one/$one.csproj"); done
  fi
  for one in "${what[@]}"; do
    if ! dotnet build "$one" -c $TEST_CONFIGURATION -v quiet -nologo >"$TEST_RESULTS/build.log" 2>&1; then
      grep -E ': (error|warning) ' "$TEST_RESULTS/build.log" | sort -u | head -n 40 >&2
      echo '0 passed, 1 failed'
      fail "the build failed" "the whole log: $TEST_RESULTS/build.log"
    fi
  done
  note "built ($(seconds_since "$started") s)"
}

# run_tests PROJECT: runs it; leaves PROJECT.counts with "passed failed skipped" and tells of failures.
run_tests() {
  local project=$1 started=$SECONDS result=0 report=$TEST_RESULTS/$1.xml log=$TEST_RESULTS/$1.log counts
  timeout --kill-after=30 "$TEST_LIMIT" "$REPO/tests/$project/bin/$TEST_CONFIGURATION/net10.0/$project" -noColor -noLogo -longRunning 300 -xml "$report" \
    >"$log" 2>&1 </dev/null || result=$?
  counts=$(count_tests "$report")
  if [ -z "$counts" ] || { [ $result -ne 0 ] && [ "$(cut -d' ' -f2 <<<"$counts")" -eq 0 ]; }; then
    # A crash or the time limit: whatever it counted is not the whole truth.
    read -r passed _ skipped <<<"${counts:-0 0 0}"
    counts="$passed 1 $skipped"
    printf '%s: ended with exit code %s%s\n' "$project" $result "$([ $result -ne 124 ] || echo " (longer than $TEST_LIMIT s)")" >>"$log"
  fi
  echo "$counts" >"$TEST_RESULTS/$project.counts"
  read -r passed failed skipped <<<"$counts"
  if [ "$failed" -eq 0 ]; then
    note "$project: $passed passed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped") ($(seconds_since "$started") s)"
  else
    printf '    %s%s: %s failed%s (%s s)\n' "$RED" "$project" "$failed" "$PLAIN" "$(seconds_since "$started")"
    grep -vE '^\s*$|^  (Discover|Start|Finish)' "$log" | head -n 200 | sed 's/^/      | /'
  fi
}

# count_tests REPORT: "passed failed skipped", errors outside tests counted as failures, explicit ones (the figures) not at all; nothing without a whole report.
count_tests() {
  [ -s "$1" ] && tail -c 100 "$1" | grep -q '</assemblies>' || return 0
  grep -o '<assembly [^>]*>' "$1" | awk '
    function value(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0 }
    { passed += value("passed"); failed += value("failed") + value("errors"); skipped += value("skipped") }
    END { print passed + 0, failed + 0, skipped + 0 }'
}

sum_up() {
  local elapsed=$1 project passed failed skipped all_passed=0 all_failed=0 all_skipped=0
  shift
  for project in "$@"; do
    read -r passed failed skipped <"$TEST_RESULTS/$project.counts" || { passed=0 failed=1 skipped=0; }
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
  done
  step "tested ($elapsed s); logs and reports: $TEST_RESULTS"
  [ $all_skipped -eq 0 ] || skipped=", $all_skipped skipped"
  [ $all_skipped -ne 0 ] || skipped=''
  echo "$all_passed passed, $all_failed failed$skipped"
  [ $all_failed -eq 0 ] && [ $all_passed -gt 0 ]
}

export -f run_tests count_tests note seconds_since
export TEST_RESULTS TEST_CONFIGURATION TEST_LIMIT REPO RED PLAIN DIM
