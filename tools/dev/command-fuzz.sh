# Throws bad input at the codecs and at a whole server in one process. Every test runs for the given time; each case has a seed of its own, and a
# failure names the command that replays it.
command_fuzz() {
  local seconds=60 seed=$RANDOM failed=0 project
  while [ $# -gt 0 ]; do
    case $1 in
      --seconds) seconds=${2:?--seconds takes a number} && shift ;;
      --seed) seed=${2:?--seed takes a number} && shift ;;
      *) fail "there is no option '$1'" "see: ./dev help" ;;
    esac
    shift
  done
  need_dotnet
  step "fuzzing, $seconds s a test, from seed $seed"
  for project in Cybernetes.Wire.Tests Cybernetes.ApiServer.Tests; do
    dotnet build "$REPO/tests/$project/$project.csproj" -c Release -v quiet -nologo
    CYBERNETES_FUZZ_SECONDS=$seconds CYBERNETES_FUZZ_SEED=$seed \
      "$REPO/tests/$project/bin/Release/net10.0/$project" -noLogo -noColor -class '*FuzzTests' || failed=1
  done
  return $failed
}
