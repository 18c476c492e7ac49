# The long form of the store's fault tests: the writing process is killed 200 times (or --kills N), and etcd's members die and stand still again
# and again for as long.
command_soak() {
  local kills=200 failed=0 project=Cybernetes.Store.Tests tests round
  while [ $# -gt 0 ]; do
    case $1 in
      --kills) kills=${2:?--kills takes a number} && shift ;;
      *) fail "there is no option '$1'" "see: ./dev help" ;;
    esac
    shift
  done
  need_dotnet
  need_packages "$BUILD_PACKAGES" "$TEST_PACKAGES"
  step "building $project"
  dotnet build "$REPO/tests/$project/$project.csproj" -c Release -v quiet -nologo
  tests=$REPO/tests/$project/bin/Release/net10.0/$project
  step "killing a writing process $kills times"
  CYBERNETES_CRASH_ROUNDS=$(((kills + 1) / 2)) "$tests" -noLogo -noColor -class '*CrashTests' || failed=1
  step "killing and freezing etcd's members $((kills / 10)) times over"
  for ((round = 0; round < kills / 10 && failed == 0; round++)); do
    "$tests" -noLogo -noColor -class '*EtcdFaultTests' || failed=1
  done
  return $failed
}
