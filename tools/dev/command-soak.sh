source "$REPO/tools/dev/command-prepare.sh"
source "$REPO/tools/dev/etcd.sh"

# The long form of the fault tests: the API server's process and one that only writes are killed 200 times each (or --kills N), the disk fails and
# etcd's members die, stand still and are cut off again and again for as long; with etcd 3.5, where it can be had, everything that runs over etcd.
# What goes by chance goes by the seed that is printed (or --seed N).
command_soak() {
  local kills=200 seed=$RANDOM failed=0 tests
  while [ $# -gt 0 ]; do
    case $1 in
      --kills) kills=${2:?--kills takes a number} && shift ;;
      --seed) seed=${2:?--seed takes a number} && shift ;;
      *) fail "there is no option '$1'" "see: ./dev help" ;;
    esac
    shift
  done
  need_dotnet
  need_packages "$BUILD_PACKAGES" "$TEST_PACKAGES"
  step "soaking with $kills kills; the same again: ./dev soak --kills $kills --seed $seed"
  soak_build Cybernetes.Store.Tests
  tests=$(soak_program Cybernetes.Store.Tests)
  if [ "$(id -u)" -eq 0 ]; then
    soak_server "$kills" "$seed" || failed=1
  else
    note "not root: the API server's process is not killed"
  fi
  step "killing a writing process $kills times"
  CYBERNETES_CRASH_ROUNDS=$(((kills + 1) / 2)) CYBERNETES_CRASH_SEED=$seed "$tests" -noLogo -noColor -class '*CrashTests' || failed=1
  step "disks that fail, histories of concurrent clients, $((kills / 10)) times over"
  soak_again $((kills / 10)) "$seed" "$tests" -class '*DiskFaultTests' -class '*ReadFaultTests' -class '*LinearityTests' || failed=1
  step "killing, freezing and cutting off etcd's members $((kills / 10)) times over"
  soak_again $((kills / 10)) "$seed" "$tests" -class '*EtcdFaultTests' -class '*EtcdPartitionTests' || failed=1
  step "everything over etcd 3.5"
  if fetch_newer_etcd; then
    soak_build Cybernetes.ApiServer.Tests
    CYBERNETES_ETCD=$NEWER_ETCD "$tests" -noLogo -noColor -namespace Cybernetes.Store.Tests.Etcd || failed=1
    CYBERNETES_ETCD=$NEWER_ETCD "$(soak_program Cybernetes.ApiServer.Tests)" -noLogo -noColor -class '*EtcdServersTests' || failed=1
  else
    note "etcd 3.5 cannot be fetched: see $OUT/etcd.log"
  fi
  [ $failed -eq 0 ] || step "something failed; the same again: ./dev soak --kills $kills --seed $seed"
  return $failed
}

soak_build() {
  step "building $1"
  dotnet build "$REPO/tests/$1/$1.csproj" -c Release -v quiet -nologo
}

soak_program() { echo "$REPO/tests/$1/bin/Release/net10.0/$1"; }

# soak_again TIMES SEED PROGRAM [ARGUMENT…]: until it fails, each time with a seed of its own.
soak_again() {
  local times=$1 seed=$2 round
  shift 2
  for ((round = 0; round < times; round++)); do
    note "seed $((seed + 10 * round))"
    CYBERNETES_CRASH_SEED=$((seed + 10 * round)) "$@" -noLogo -noColor || return 1
  done
}

soak_server() {
  local kills=$1 seed=$2
  command_prepare
  soak_build Cybernetes.EndToEnd.Tests
  step "killing the API server's process $kills times"
  CYBERNETES_PREPARED=yes CYBERNETES_CRASH_ROUNDS=$kills CYBERNETES_CRASH_SEED=$seed \
    "$(soak_program Cybernetes.EndToEnd.Tests)" -noLogo -noColor -showLiveOutput -class '*ApiServerCrashTests'
}
