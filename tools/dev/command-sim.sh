# Lives of whole clusters under virtual time, one a seed. The program deals many seeds out to processes of its own.
command_sim() {
  need_dotnet
  need_packages "$BUILD_PACKAGES"
  dotnet build "$REPO/src/Cybernetes.Simulator/Cybernetes.Simulator.csproj" -c Release -v quiet -nologo
  exec "$REPO/src/Cybernetes.Simulator/bin/Release/net10.0/cyb-sim" "$@"
}
