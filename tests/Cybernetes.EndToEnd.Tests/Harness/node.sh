#!/bin/bash
# A machine in namespaces of its own: processes, mounts, network, host name and control groups. It lives until its stdin
# closes; then the kernel ends every process in it, and all mounts and links go with the last of them.
#
#   node.sh NAME GROUP BASE     NAME is the host name, GROUP its control group in every hierarchy, BASE a folder for its files
#
# Prints "ready" when it is; BASE/in runs a command inside.
set -euo pipefail
name=$1 group=$2 base=$3 stage=${4:-outside}

if [ "$stage" = outside ]; then
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -f "$hierarchy/cgroup.procs" ] || continue
    mkdir -p "$hierarchy/$group"
    # A cpuset takes no process before it has processors and memory nodes.
    for file in cpuset.cpus cpuset.mems; do
      [ ! -f "$hierarchy/$file" ] || [ ! -f "$hierarchy/cgroup.clone_children" ] || cat "$hierarchy/$file" >"$hierarchy/$group/$file"
    done
    [ ! -f "$hierarchy/cgroup.subtree_control" ] || sed 's/\</+/g' "$hierarchy/cgroup.controllers" >"$hierarchy/cgroup.subtree_control" 2>/dev/null || true
    echo 0 >"$hierarchy/$group/cgroup.procs"
  done
  exec unshare --cgroup --net --mount --uts --ipc --pid --fork --kill-child --propagation private bash "$0" "$name" "$group" "$base" inside
fi

# Version 2 keeps processes in leaves only.
move_to_leaf() {
  mkdir "$1/node"
  echo 0 >"$1/node/cgroup.procs"
}

# Inside, as process 1.
hostname "$name"
mount -t proc proc /proc
hierarchies=$(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2, $3 }' /proc/self/mounts)
mount -t sysfs sysfs /sys
if grep -q '^/sys/fs/cgroup cgroup2$' <<<"$hierarchies"; then
  mount -t cgroup2 cgroup /sys/fs/cgroup
  move_to_leaf /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  while read -r path type; do
    mkdir -p "$path"
    controllers=$(basename "$path")
    case $controllers in
      systemd | elogind) options=none,name=$controllers ;;
      *) options=$controllers ;;
    esac
    if [ "$type" = cgroup ]; then
      mount -t cgroup -o "$options" cgroup "$path"
    else
      mount -t cgroup2 cgroup "$path"
      move_to_leaf "$path"
    fi
  done <<<"$hierarchies"
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns
mount --make-rshared /
ip link set lo up
for setting in net/ipv4/ip_forward net/ipv4/conf/all/route_localnet; do echo 1 >/proc/sys/$setting; done

echo ready
# Nothing is ever written here: the read ends when the other end of the pipe closes.
read -r _ || true
