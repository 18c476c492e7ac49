source "$REPO/tools/dev/containerd.sh"
source "$REPO/tools/dev/snapshot.sh"
source "$REPO/tools/dev/server.sh"

# Ends the cluster and takes back what it did to the machine. Needs no part of it to be alive, and can run twice.
command_down() {
  need_root down
  PATH=$PATH:/usr/sbin:/sbin
  if [ ! -d "$STATE" ]; then
    step "nothing to do: there is no $STATE"
    return 0
  fi
  [ -f "$STATE/.cybernetes" ] || fail "$STATE was not made by ./dev up" "give the right folder: CYBERNETES_STATE=… ./dev down"
  step "ending the server"
  stop_process "$SERVER_PID" 20
  step "ending pods and containerd"
  remove_containers
  stop_process "$CONTAINERD_PID" 10
  remove_shims
  step "taking back rules, links, mounts and control groups"
  remove_rules
  remove_mounts
  remove_links
  remove_routes
  remove_shim_sockets
  remove_cgroups
  restore_sysctls
  ! grep -q " $STATE/" /proc/self/mountinfo || fail "something is still mounted below $STATE" "see: grep $STATE /proc/self/mountinfo"
  rm -rf --one-file-system "$STATE"
  step "down: nothing is left but the packages and out/"
}

# runc's own records tell which containers there are; it ends them and removes their control groups, with or without containerd.
remove_containers() {
  local folder
  for folder in "$CONTAINERD"/runc/*/*/; do
    [ -d "$folder" ] || continue
    runc --root "$(dirname "$folder")" delete --force "$(basename "$folder")" 2>/dev/null || note "runc cannot delete $(basename "$folder")"
  done
}

# The shims of our containerd outlive it (each names our socket in its command line); what still runs below them is a container.
remove_shims() {
  local shim pid
  for shim in $(our_shims); do
    for pid in $(cat "/proc/$shim/task/"*/children 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
    kill -KILL "$shim" 2>/dev/null || true
  done
  wait_until 5 no_shims || note "shims are still there: $(our_shims | tr '\n' ' ')"
}

our_shims() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    { tr '\0' '\n' <"$file" | names_our_shim; } 2>/dev/null && basename "$(dirname "$file")"
  done
  return 0
}

names_our_shim() {
  awk -v socket="$CONTAINERD_SOCKET" 'NR == 1 && /containerd-shim/ { shim = 1 } $0 == socket { ours = 1 } END { exit !(shim && ours) }'
}

no_shims() { [ -z "$(our_shims)" ]; }

remove_mounts() {
  local point
  while read -r point; do
    umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null || note "cannot unmount $point"
  done < <(awk -v state="$STATE/" 'index($5, state) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
}

# The pods' parents, in every hierarchy, children first. Killed processes take a moment to leave them; a group that holds
# a process of someone else stays.
remove_cgroups() { wait_until 3 remove_cgroups_once || note "control groups stay: $(pod_cgroups | tr '\n' ' ')"; }

remove_cgroups_once() {
  local top
  for top in $(pod_cgroups); do find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
  [ -z "$(pod_cgroups)" ]
}

pod_cgroups() { compgen -G '/sys/fs/cgroup/kubepods' || true; compgen -G '/sys/fs/cgroup/*/kubepods' || true; }
