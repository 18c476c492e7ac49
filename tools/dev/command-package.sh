source "$REPO/tools/dev/build.sh"

# out/packages: the NuGet package Cybernetes.Testing with all that it stands on, compiled ahead of time for the given runtimes, else for this machine's.
command_package() {
  need_dotnet
  local runtimes=${*:-$RUNTIME_ID}
  step "packing Cybernetes.Testing"
  mkdir -p "$OUT/packages"
  rm -f "$OUT"/packages/Cybernetes.Testing.*.nupkg
  if ! pack_testing "${runtimes// /+}" >"$OUT/package.log" 2>&1; then
    grep -q 'error NU1[13]' "$OUT/package.log" || { show_tail "$OUT/package.log" 40; fail "packing failed" "the whole log: $OUT/package.log"; }
    note "no packs to compile ahead for $runtimes: the first cluster of a process will start slower"
    pack_testing "" || fail "packing failed"
  fi
  note "$(ls "$OUT"/packages/Cybernetes.Testing.*.nupkg)"
}

pack_testing() {
  dotnet pack "$REPO/tools/package/Cybernetes.Testing.Package.csproj" -c Release -v quiet -nologo -o "$OUT/packages" -p:AheadRuntimes="$1" </dev/null
}
