# out/packages: the NuGet package Cybernetes.Testing with all that it stands on.
command_package() {
  need_dotnet
  step "packing Cybernetes.Testing"
  mkdir -p "$OUT/packages"
  rm -f "$OUT"/packages/Cybernetes.Testing.*.nupkg
  dotnet pack "$REPO/tools/package/Cybernetes.Testing.Package.csproj" -c Release -v quiet -nologo -o "$OUT/packages"
  note "$(ls "$OUT"/packages/Cybernetes.Testing.*.nupkg)"
}
