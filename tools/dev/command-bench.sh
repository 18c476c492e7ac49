# bench/NAME is a project with a Main of its own; what follows the name goes to it.
command_bench() {
  local name=${1:-} project
  need_dotnet
  case $name in
    '' | help | -h | --help) bench_list ;;
    figures) bench_figures ;;
    store) shift && bench_store "$@" ;;
    controllers) shift && bench_controllers "$@" ;;
    schedule) shift && bench_schedule "$@" ;;
    micro) shift && bench_micro "$@" ;;
    testing) shift && bench_testing "$@" ;;
    fleet) shift && bench_fleet "$@" ;;
    *)
      shift
      project=$(find "$REPO/bench" -iname "*$name*.csproj" 2>/dev/null | head -n 1)
      [ -n "$project" ] || fail "there is no benchmark '$name'" "list them with: ./dev bench"
      bench_build "$project"
      bench_program "$project" "$@"
      ;;
  esac
}

bench_list() {
  step "the benchmarks are:"
  cat <<TEXT
    store             cyb apiserver beside the asked figures, the ceiling of this machine and, with PEER_BIN, kube-apiserver and etcd
    controllers       a large rollout, a namespace that goes, deployments at rest, and what an event costs as the cluster grows
    load              the load tool: any API server of a kubeconfig, one scenario at a time
    api [WORD]        processor time of a write's stages, without a server
    store.bench       the embedded engine alone, beside bare SQLite
    schedule          the scheduler: pods placed a second over 5,000 nodes; with PEER_BIN, kube-scheduler with kube-apiserver and etcd too
    testing           test clusters: their start, and a day of cron jobs under virtual time; --jit: not compiled ahead
    fleet             5,000 simulated nodes and 150,000 pods on them, beside cyb apiserver; --nodes N --pods N
    micro [FILTER]    micro-benchmarks of hot paths (BenchmarkDotNet)
    figures           start-up, memory, pods beside bare runtime calls (root)

  Examples
    ./dev bench store                                      # all stages, 4 to 5 minutes; table and report
    ./dev bench store --only ceiling,read --seconds 3      # stages: ceiling write read scale
    ./dev bench controllers --only steady,curve            # stages: rollout namespace steady curve
    PEER_BIN=/opt/kubernetes/bin ./dev bench store         # the folder holds kube-apiserver and etcd
    PEER_BIN=/opt/kubernetes/bin ./dev bench schedule system --only plain
    ./dev bench load create --kubeconfig ~/.kube/config --clients 64 --seconds 10 --html report.html
    ./dev bench load help
    ./dev bench micro '*Selector*'

  How to read the figures: docs/benchmarks.md
TEXT
}

bench_build() { dotnet build "$1" -c Release -v quiet -nologo; }

# bench_program PROJECT [ARGUMENT…]: the built program itself, so that a signal reaches it and not a tool around it.
bench_program() {
  local project=$1 name
  shift
  name=$(sed -n 's:.*<AssemblyName>\(.*\)</AssemblyName>.*:\1:p' "$project")
  [ -n "$name" ] || name=$(basename "$project" .csproj)
  "$(dirname "$project")/bin/Release/net10.0/$name" "$@"
}

bench_store() {
  local project=$REPO/bench/Cybernetes.Load/Cybernetes.Load.csproj report arguments=()
  source "$REPO/tools/dev/build.sh"
  need_packages "$BUILD_PACKAGES"
  step "building"
  build_program
  bench_build "$project"
  report=$OUT/bench/store-$(date -u +%Y%m%d-%H%M%S)
  mkdir -p "$OUT/bench"
  [ -z "${PEER_BIN:-}" ] || arguments+=(--peer "$PEER_BIN")
  step "measuring${PEER_BIN:+, in turn with kube-apiserver and etcd of $PEER_BIN}"
  bench_program "$project" store --cyb "$OUT/cyb" "${arguments[@]}" --json "$report.json" --html "$report.html" "$@"
}

bench_controllers() {
  local project=$REPO/bench/Cybernetes.Controllers.Bench/Cybernetes.Controllers.Bench.csproj report
  source "$REPO/tools/dev/build.sh"
  need_packages "$BUILD_PACKAGES"
  step "building"
  build_program
  bench_build "$project"
  report=$OUT/bench/controllers-$(date -u +%Y%m%d-%H%M%S)
  mkdir -p "$OUT/bench"
  step "measuring"
  bench_program "$project" --cyb "$OUT/cyb" --json "$report.json" --html "$report.html" "$@"
}

bench_schedule() {
  local project=$REPO/bench/Cybernetes.Scheduler.Bench/Cybernetes.Scheduler.Bench.csproj arguments=()
  bench_build "$project"
  [ -z "${PEER_BIN:-}" ] || arguments+=(--peer "$PEER_BIN")
  bench_program "$project" "${arguments[@]}" "$@"
}

# As with the package: its assemblies, compiled ahead of time, over those that the build has made. --jit leaves them as they are.
bench_testing() {
  local project=$REPO/bench/Cybernetes.Testing.Bench/Cybernetes.Testing.Bench.csproj
  local ahead=$REPO/tools/package/obj/Release/net10.0/ahead program=$OUT/bench/testing
  bench_build "$project"
  source "$REPO/tools/dev/command-package.sh"
  rm -rf "$program"
  mkdir -p "$OUT/bench"
  cp -r "$(dirname "$project")/bin/Release/net10.0" "$program"
  if [ "${1:-}" = --jit ]; then
    shift
  else
    command_package
    cp "$ahead/$RUNTIME_ID"/*.dll "$program/" 2>/dev/null || note "not compiled ahead"
  fi
  step "measuring"
  "$program/Cybernetes.Testing.Bench" testing "$@"
}

bench_clusters() {
  local project=$REPO/bench/Cybernetes.Testing.Bench/Cybernetes.Testing.Bench.csproj
  bench_build "$project"
  bench_program "$project" "$@"
}

bench_fleet() {
  source "$REPO/tools/dev/build.sh"
  need_packages "$BUILD_PACKAGES"
  build_program
  bench_clusters fleet --cyb "$OUT/cyb" "$@"
}

bench_micro() {
  local project=$REPO/bench/Cybernetes.MicroBench/Cybernetes.MicroBench.csproj
  bench_build "$project"
  mkdir -p "$OUT"
  (cd "$OUT" && bench_program "$project" --filter "${1:-*}" "${@:2}")
}

# The measuring tests of the end-to-end project, which a normal run leaves out.
bench_figures() {
  local project=$REPO/tests/Cybernetes.EndToEnd.Tests
  need_root 'bench figures'
  dotnet build "$project/Cybernetes.EndToEnd.Tests.csproj" -c Release -v quiet -nologo
  "$project/bin/Release/net10.0/Cybernetes.EndToEnd.Tests" -noLogo -noColor -explicit only -showLiveOutput -class '*Figures*'
}
