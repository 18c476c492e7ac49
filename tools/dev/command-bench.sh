# bench/NAME is a project with a Main of its own; what follows the name goes to it.
command_bench() {
  local name=${1:-} project
  need_dotnet
  if [ -z "$name" ]; then
    step "the benchmarks are:"
    printf '    figures (start-up, memory, pods beside bare runtime calls; root)\n'
    find "$REPO/bench" -name '*.csproj' -exec basename {} .csproj \; 2>/dev/null | sed 's/^/    /'
    return 0
  fi
  if [ "$name" = figures ]; then
    bench_figures
    return
  fi
  shift
  [ "$name" != schedule ] || name=Scheduler.Bench
  project=$(find "$REPO/bench" -iname "*$name*.csproj" 2>/dev/null | head -n 1)
  [ -n "$project" ] || fail "there is no benchmark '$name'" "list them with: ./dev bench"
  dotnet run --project "$project" -c Release -- "$@"
}

# The measuring tests of the end-to-end project, which a normal run leaves out.
bench_figures() {
  local project=$REPO/tests/Cybernetes.EndToEnd.Tests
  need_root 'bench figures'
  dotnet build "$project/Cybernetes.EndToEnd.Tests.csproj" -c Release -v quiet -nologo
  "$project/bin/Release/net10.0/Cybernetes.EndToEnd.Tests" -noLogo -noColor -explicit only -showLiveOutput -class '*Figures*'
}
