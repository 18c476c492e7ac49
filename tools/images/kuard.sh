# kuard:1 and kuard:2, the sample web app of samples/kuard. The same layers, told apart by KUARD_VERSION, so that a rollout
# to another image can be seen. Below: Debian's C libraries, then the .NET runtime of this machine, then the app.

KUARD_SOURCE=$REPO/samples/kuard

# The folder of the .NET installation, and the newest 10.0 runtime in it.
dotnet_root() { dirname "$(readlink -f "$(command -v dotnet)")"; }
dotnet_version() { ls "$(dotnet_root)/shared/Microsoft.AspNetCore.App" | grep '^10\.0\.' | sort -V | tail -n 1; }

inputs_of_kuard() {
  find "$KUARD_SOURCE" -type f -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum
  sha256sum "$REPO/Directory.Build.props"
  echo "runtime $(dotnet_version)"
  sha256sum $(kuard_libraries)
}

# Debian's libraries that the runtime's own binaries name.
kuard_libraries() {
  local shared
  shared=$(dotnet_root)/shared/Microsoft.NETCore.App/$(dotnet_version)
  ldd "$(dotnet_root)/dotnet" "$shared/libcoreclr.so" "$shared/libclrjit.so" "$shared/libSystem.Native.so" |
    awk '$2 == "=>" && $3 ~ "^/lib" { print $3 } $1 ~ "^/lib.*ld-linux" { print $1 }' | sort -u
}

make_kuard() {
  local work=$1 out=$2 library version root
  version=$(dotnet_version)
  root=$(dotnet_root)

  mkdir -p "$work"/{libraries/{etc,tmp},app/kuard} "$work"/runtime/usr/share/dotnet/{host/fxr,shared/Microsoft.{NETCore,AspNetCore}.App}
  chmod 1777 "$work/libraries/tmp"
  for library in $(kuard_libraries); do
    install -D -m 755 "$(readlink -f "$library")" "$work/libraries$library"
  done
  printf 'root:x:0:0:root:/:/sbin/nologin\nkuard:x:65532:65532:kuard:/:/sbin/nologin\n' >"$work/libraries/etc/passwd"
  printf 'root:x:0:\nkuard:x:65532:\n' >"$work/libraries/etc/group"

  cp "$root/dotnet" "$work/runtime/usr/share/dotnet/"
  cp -R "$root/host/fxr/$version" "$work/runtime/usr/share/dotnet/host/fxr/"
  local framework
  for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    cp -R "$root/shared/$framework/$version" "$work/runtime/usr/share/dotnet/shared/$framework/"
  done
  # What only debuggers, profilers and desktop programs need.
  (cd "$work/runtime/usr/share/dotnet/shared" &&
    rm -f ./*/*/{libmscordaccore.so,libmscordbi.so,libcoreclrtraceptprovider.so,libclrgcexp.so,createdump,Microsoft.VisualBasic*})
  find "$work/runtime" -type d -exec chmod 755 {} +
  find "$work/runtime" -type f -exec chmod go=u-w {} +

  dotnet publish "$KUARD_SOURCE/kuard.csproj" -c Release -v quiet -o "$work/app/kuard" --disable-build-servers </dev/null
  rm -f "$work/app/kuard/web.config"

  local layers=() one
  for one in libraries runtime app; do layers+=("$(layer "$work/$one" "$work")"); done
  archive "$work" "$out" \
    docker.io/library/kuard:1 "$(image "$work" "$(kuard_config 1)" "${layers[@]}")" \
    docker.io/library/kuard:2 "$(image "$work" "$(kuard_config 2)" "${layers[@]}")"
}

kuard_config() {
  printf '{"User":"65532:65532","ExposedPorts":{"8080/tcp":{}},"Env":["PATH=/usr/share/dotnet","DOTNET_EnableDiagnostics=0","KUARD_VERSION=%s"],"Entrypoint":["/usr/share/dotnet/dotnet","/kuard/kuard.dll"],"WorkingDir":"/kuard"}' "$1"
}
