# What `./dev up` changes on the machine outside its own folder is noted before the first change, and put back by `./dev down`.

BEFORE=$STATE/before
CHANGED_SYSCTLS=(
  net/ipv4/ip_forward net/ipv4/conf/all/route_localnet net/ipv4/conf/all/forwarding net/ipv6/conf/all/forwarding
  net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables net/netfilter/nf_conntrack_max
  net/netfilter/nf_conntrack_tcp_timeout_established net/netfilter/nf_conntrack_tcp_timeout_close_wait
  vm/overcommit_memory kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes
)

take_snapshot() {
  local name
  [ -d "$BEFORE" ] && return 0
  mkdir -p "$BEFORE.new"
  for name in "${CHANGED_SYSCTLS[@]}"; do
    [ -r "/proc/sys/$name" ] && echo "$name $(cat "/proc/sys/$name")"
  done >"$BEFORE.new/sysctls" || true
  links >"$BEFORE.new/links"
  kernel_routes >"$BEFORE.new/routes"
  [ ! -e /run/containerd ] || touch "$BEFORE.new/run-containerd"
  mv "$BEFORE.new" "$BEFORE"
}

links() { ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort; }
kernel_routes() { { ip route show table all; ip -6 route show table all; } 2>/dev/null | grep -E '^(blackhole|unreachable|prohibit|throw) ' | sort -u || true; }

restore_sysctls() {
  local name value
  [ -f "$BEFORE/sysctls" ] || return 0
  while read -r name value; do
    [ "$(cat "/proc/sys/$name" 2>/dev/null)" != "$value" ] || continue
    printf '%s' "$value" >"/proc/sys/$name" 2>/dev/null || note "cannot set $name back to $value"
  done <"$BEFORE/sysctls"
}

# Bridges, veths and overlays that came since: those of the pod network have its names.
remove_links() {
  local name
  [ -f "$BEFORE/links" ] || return 0
  while read -r name; do
    case $name in
      cni* | cyb* | kube-* | veth* | flannel* | vxlan* | kbr*) ip link delete "$name" 2>/dev/null || true ;;
    esac
  done < <(comm -13 "$BEFORE/links" <(links))
}

remove_routes() {
  local route
  [ -f "$BEFORE/routes" ] || return 0
  while read -r route; do
    # shellcheck disable=SC2086 # the words of the route
    ip route delete ${route%% metric*} 2>/dev/null || ip -6 route delete ${route%% metric*} 2>/dev/null || true
  done < <(comm -13 "$BEFORE/routes" <(kernel_routes))
}

# Every containerd keeps its shims' sockets there, whatever its own folders are: it goes when it came with us and nobody listens in it.
remove_shim_sockets() {
  [ -d "$BEFORE" ] && [ ! -e "$BEFORE/run-containerd" ] || return 0
  grep -q '/run/containerd/' /proc/net/unix || rm -rf --one-file-system /run/containerd
}

# Rules and chains of the service proxy and of the network plugins, in every table, in one step a table.
remove_rules() {
  local save tool table
  for tool in iptables ip6tables; do
    command -v $tool-save >/dev/null || continue
    for table in filter nat mangle raw; do
      save=$($tool-save -t $table 2>/dev/null) || continue
      grep -qE 'KUBE-|CNI-|CYB-|cybernetes' <<<"$save" || continue
      grep -vE 'KUBE-|CNI-|CYB-|cybernetes' <<<"$save" | $tool-restore -w 5 -T $table 2>/dev/null ||
        note "cannot take the rules out of $tool's table $table"
    done
  done
}
