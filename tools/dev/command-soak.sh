source "$REPO/tools/dev/command-prepare.sh"
source "$REPO/tools/dev/etcd.sh"

# The long form of the fault tests: the API server's process and one that only writes are killed 200 times each (or --kills N), and etcd's members
# die, stand still and are cut off again and again for as long; with etcd 3.5, where it can be had, everything that runs over etcd.
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
  if [ "$(id -u)" -eq 0 ]; then
    soak_server "$kills" || failed=1
  else
    note "not root: the API server's process is not killed"
  fi
  step "killing a writing process $kills times"
  CYBERNETES_CRASH_ROUNDS=$(((kills + 1) / 2)) "$tests" -noLogo -noColor -class '*CrashTests' || failed=1
  step "killing, freezing and cutting off etcd's members $((kills / 10)) times over"
  for ((round = 0; round < kills / 10 && failed == 0; round++)); do
    "$tests" -noLogo -noColor -class '*EtcdFaultTests' -class '*EtcdPartitionTests' || failed=1
  done
  step "everything over etcd 3.5"
  if fetch_newer_etcd; then
    CYBERNETES_ETCD=$NEWER_ETCD "$tests" -noLogo -noColor -namespace Cybernetes.Store.Tests.Etcd || failed=1
  else
    note "etcd 3.5 cannot be fetched: see $OUT/etcd.log"
  fi
  return $failed
}

soak_server() {
  local kills=$1 project=Cybernetes.EndToEnd.Tests
  command_prepare
  dotnet build "$REPO/tests/$project/$project.csproj" -c Release -v quiet -nologo
  step "killing the API server's process $kills times"
  CYBERNETES_PREPARED=yes CYBERNETES_CRASH_ROUNDS=$kills CYBERNETES_CRASH_SEED=$RANDOM \
    "$REPO/tests/$project/bin/Release/net10.0/$project" -noLogo -noColor -showLiveOutput -class '*ApiServerCrashTests'
}
