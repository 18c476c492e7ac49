# out/cyb: a link to the published program in out/lib. Nothing is done while no source has changed.

RUNTIME_ID=linux-$(case $(uname -m) in aarch64) echo arm64 ;; *) echo x64 ;; esac)

# Names, sizes and times of all that the program is built from.
source_fingerprint() {
  (cd "$REPO" && find src Directory.*.props Directory.*.targets global.json BannedSymbols.txt .editorconfig \
    \( -name bin -o -name obj -o -name packages.lock.json \) -prune -o -type f -printf '%p %s %T@\n' | sort | sha256sum; dotnet --version)
}

build_program() {
  local stamp=$OUT/.built now started=$SECONDS
  mkdir -p "$OUT"
  exec 7>"$OUT/.lock"
  flock 7
  now=$(source_fingerprint)
  if [ -x "$OUT/cyb" ] && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; then
    note "out/cyb is up to date"
  else
    rm -f "$stamp"
    # The compiler's server outlives the build: it must not keep the lock.
    publish_program 7>&- || { show_tail "$OUT/build.log" 40; fail "the build failed" "the whole log: $OUT/build.log"; }
    printf '%s\n' "$now" >"$stamp"
    note "out/cyb is built ($(seconds_since "$started") s)"
  fi
  exec 7>&-
}

# Self-contained and compiled ahead of time starts fastest; where the package source lacks the packs for it, on the installed runtime.
publish_program() {
  local project=$REPO/src/Cybernetes.Cli/Cybernetes.Cli.csproj new=$OUT/lib.new
  local publish=(dotnet publish "$project" -c Release -v quiet -o "$new")
  rm -rf "$new"
  if ! "${publish[@]}" -p:CybRuntime="$RUNTIME_ID" >"$OUT/build.log" 2>&1 </dev/null; then
    grep -q 'error NU1[13]' "$OUT/build.log" || return 1
    note "no packs for a self-contained $RUNTIME_ID program: it will need the installed .NET runtime"
    "${publish[@]}" >"$OUT/build.log" 2>&1 </dev/null || return 1
  fi
  rm -rf "$OUT/lib.old"
  [ ! -e "$OUT/lib" ] || mv "$OUT/lib" "$OUT/lib.old" # a running program keeps its files
  mv "$new" "$OUT/lib"
  ln -sfn lib/cyb "$OUT/cyb"
  rm -rf "$OUT/lib.old"
}
