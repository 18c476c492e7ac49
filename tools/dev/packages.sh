# Debian packages: only what is missing is installed, and nothing when nothing is.

# Each row: the command or file that shows that the package is there, then the package.
RUNTIME_PACKAGES="
  containerd                containerd
  runc                      runc
  /usr/lib/cni/bridge       containernetworking-plugins
  iptables                  iptables
  conntrack                 conntrack
  ip                        iproute2
  mount                     mount
  ps                        procps
  hostname                  hostname
  nsenter                   util-linux
  modprobe                  kmod
  curl                      curl
"
BUILD_PACKAGES="
  /bin/busybox              busybox-static
  tcc                       tcc
  tar                       tar
  sha256sum                 coreutils
  libsqlite3.so.0           libsqlite3-0
  git                       git
"
TEST_PACKAGES="
  etcd                      etcd-server
"
CLIENT_PACKAGES="
  kubectl                   kubernetes-client
"

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *.so.*) compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/lib/*/$1" >/dev/null ;;
    *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] ;;
  esac
}

# need_packages TABLE…: installs the packages of these tables whose command or file is missing.
need_packages() {
  local table shows package missing=()
  for table in "$@"; do
    while read -r shows package; do
      [ -n "$package" ] || continue
      is_there "$shows" || missing+=("$package")
    done <<<"$table"
  done
  PATH=$PATH:/usr/sbin:/sbin
  [ ${#missing[@]} -gt 0 ] || return 0

  command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]}" "this is not a Debian system: install what these Debian packages hold, then run it again"
  [ "$(id -u)" -eq 0 ] || fail "missing packages: ${missing[*]}" "install them with: sudo apt-get install ${missing[*]}"
  step "installing Debian packages: ${missing[*]}"
  mkdir -p "$OUT"
  if ! install_quietly "${missing[@]}"; then
    note "the package lists may be old: apt-get update"
    apt-get -qq update >"$OUT/apt.log" 2>&1 </dev/null || packages_failed "apt-get update failed: is the network there?"
    install_quietly "${missing[@]}" || packages_failed "the packages cannot be installed"
  fi
}

# read_suite SUITE FOLDER: reads the package lists of another suite of Debian into the folder; the machine's lists and sources stay as they are.
# Leaves the options for apt-get in SUITE_OPTIONS.
read_suite() {
  local suite=$1 lists=$2 mirror
  # The mirror this machine takes Debian from.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') || fail "this machine has no Debian mirror" "run apt-get update"
  mkdir -p "$lists"/{lists/partial,cache/archives/partial}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$lists/sources.list"
  SUITE_OPTIONS=(
    -o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$lists/lists" -o "Dir::Cache=$lists/cache"
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Languages=none
  )
  timeout 120 apt-get -qq "${SUITE_OPTIONS[@]}" update </dev/null
}

packages_failed() {
  show_tail "$OUT/apt.log"
  fail "$1" "the whole log: $OUT/apt.log"
}

# Installs without starting the services that packages bring (containerd's own unit): Cybernetes starts its own.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d ours='' result=0
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    ours=yes
  fi
  apt-get install -y -qq --no-install-recommends "$@" >"$OUT/apt.log" 2>&1 </dev/null || result=$?
  [ -z "$ours" ] || rm -f $policy
  return $result
}

need_root() { [ "$(id -u)" -eq 0 ] || fail "'./dev $1' starts containers and needs root" "run it as: sudo ./dev $1"; }

need_dotnet() {
  command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q '^10\.' && return 0
  fail "the .NET SDK 10 is missing" "install it as https://learn.microsoft.com/dotnet/core/install/linux-debian tells, then run it again"
}
