# Lives of whole clusters under virtual time, one a seed. Many seeds are dealt out to as many processes as there are processors, each of which runs
# its seeds on one thread: a seed goes the same way wherever it runs.
command_sim() {
  local from='' to='' rest=() sim started=$SECONDS
  while [ $# -gt 0 ]; do
    case $1 in
      --seeds) from=${2:-none} to=${from#*-} from=${from%-*} ;;
      --count) from=1 to=${2:-none} ;;
      *) rest+=("$1") ;;
    esac
    case $1 in
      --seeds | --count) [ $# -eq 1 ] || shift ;;
    esac
    shift
  done
  if [ -n "$from" ]; then
    [[ $from =~ ^[0-9]+$ && $to =~ ^[0-9]+$ && $from -le $to ]] || fail "--seeds takes two numbers, as in 1-1000; --count one" "see: ./dev sim --help"
  fi
  need_dotnet
  need_packages "$BUILD_PACKAGES"
  dotnet build "$REPO/src/Cybernetes.Simulator/Cybernetes.Simulator.csproj" -c Release -v quiet -nologo
  sim=$REPO/src/Cybernetes.Simulator/bin/Release/net10.0/cyb-sim
  [ -n "$from" ] || exec "$sim" ${rest[@]+"${rest[@]}"}
  step "running the seeds $from to $to"
  if seq "$from" "$SIM_CHUNK" "$to" | xargs -P "$(nproc)" -I{} bash -c 'run_seeds "$@"' - "$sim" {} "$to" ${rest[@]+"${rest[@]}"}; then
    step "all clean ($(seconds_since "$started") s)"
  else
    fail "some seeds failed ($(seconds_since "$started") s)" "replay one with: ./dev sim --seed N"
  fi
}

SIM_CHUNK=100

# run_seeds PROGRAM FIRST END OPTIONS…: the seeds from FIRST on, at most a chunk of them and none above END.
run_seeds() {
  local sim=$1 first=$2 last=$(($2 + SIM_CHUNK - 1)) end=$3
  shift 3
  [ "$last" -le "$end" ] || last=$end
  "$sim" --seeds "$first-$last" "$@"
}

export -f run_seeds
export SIM_CHUNK
