source "$REPO/tools/dev/command-package.sh"

# The sample operator and its tests against the package alone, as somebody who has only the package would build them.
command_sample_operator() {
  local cache=$OUT/packages/cache
  command_package
  step "building samples/operator against the package"
  # A folder of packages of its own: one of the same version from an earlier build must not be found first, nor where a user's project has put it.
  rm -rf "$cache/cybernetes.testing" "${NUGET_PACKAGES:-$HOME/.nuget/packages}/cybernetes.testing" "$REPO"/samples/operator/*/obj
  dotnet build "$REPO/samples/operator/Copier.Tests/Copier.Tests.csproj" -c Release -v quiet -nologo \
    -p:RestoreAdditionalProjectSources="$OUT/packages" -p:RestorePackagesPath="$cache" \
    -p:RestoreFallbackFolders="${NUGET_PACKAGES:-$HOME/.nuget/packages}"
  step "testing the operator"
  "$REPO/samples/operator/Copier.Tests/bin/Release/net10.0/Copier.Tests" -noLogo -noColor "$@"
}
