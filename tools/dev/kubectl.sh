# kubectl in several versions for the end-to-end tests: out/kubectl/1.NN/kubectl. Those of the machine, the oldest (Debian 12
# has 1.20) and, where Debian's unstable suite can be reached, the newest. None of them is installed.

KUBECTLS=$OUT/kubectl

collect_kubectls() {
  local file
  mkdir -p "$KUBECTLS"
  for file in $(machine_kubectls); do add_kubectl "$file"; done
  [ -x "$KUBECTLS/1.20/kubectl" ] || fetch_kubectl oldest kubernetes-client
  if [ ! -e "$KUBECTLS/.newest" ]; then
    if fetch_newest_kubectl; then touch "$KUBECTLS/.newest"; else note "Debian's newest kubectl cannot be fetched: tested with what is there"; fi
  fi
  note "kubectl versions: $(ls "$KUBECTLS" | sort -V | tr '\n' ' ')"
}

# The one in PATH, and others beside it (cloud SDKs bring kubectl.1.NN).
machine_kubectls() {
  local found
  found=$(command -v kubectl) || return 0
  found=$(readlink -f "$found")
  echo "$found"
  compgen -G "$(dirname "$found")/kubectl.1.*" || true
}

# add_kubectl FILE: puts a link to it under its version, unless that version is there already.
add_kubectl() {
  local version
  case $1 in
    *kubectl.1.*) version=${1##*kubectl.} ;;
    *) version=$("$1" version --client 2>/dev/null | grep -oE 'v1\.[0-9]+' | head -n 1 | tr -d v) || true ;;
  esac
  [ -n "$version" ] && [ ! -e "$KUBECTLS/$version/kubectl" ] || return 0
  mkdir -p "$KUBECTLS/$version"
  ln -sf "$1" "$KUBECTLS/$version/kubectl"
}

# fetch_kubectl NAME PACKAGE [APT OPTION…]: unpacks the package's kubectl, without installing it (it would replace the one there).
fetch_kubectl() {
  local folder=$KUBECTLS/.$1 package=$2
  shift 2
  rm -rf "$folder"
  mkdir -p "$folder"
  note "fetching $package for its kubectl"
  if ! (cd "$folder" && apt-get -qq "$@" download "$package" && dpkg-deb -x ./*.deb .) >"$OUT/kubectl.log" 2>&1 </dev/null; then
    [ $# -eq 0 ] || return 1
    apt-get -qq update >>"$OUT/kubectl.log" 2>&1 </dev/null || true
    (cd "$folder" && apt-get -qq download "$package" && dpkg-deb -x ./*.deb .) >>"$OUT/kubectl.log" 2>&1 </dev/null ||
      { show_tail "$OUT/kubectl.log"; fail "cannot fetch $package" "the whole log: $OUT/kubectl.log"; }
  fi
  rm -f "$folder"/*.deb
  add_kubectl "$folder/usr/bin/kubectl"
}

fetch_newest_kubectl() {
  local lists=$KUBECTLS/.unstable
  read_suite sid "$lists" >"$OUT/kubectl.log" 2>&1 && fetch_kubectl newest kubectl/sid "${SUITE_OPTIONS[@]}"
  local result=$?
  rm -rf "$lists"
  return $result
}
