# bench/NAME is a project with a Main of its own; what follows the name goes to it.
command_bench() {
  local name=${1:-} project
  need_dotnet
  if [ -z "$name" ]; then
    step "the benchmarks are:"
    find "$REPO/bench" -name '*.csproj' -exec basename {} .csproj \; 2>/dev/null | sed 's/^/    /'
    return 0
  fi
  shift
  project=$(find "$REPO/bench" -name "*$name*.csproj" 2>/dev/null | head -n 1)
  [ -n "$project" ] || fail "there is no benchmark '$name'" "list them with: ./dev bench"
  dotnet run --project "$project" -c Release -- "$@"
}
