# Our own containerd below $STATE/containerd; another one on the machine is left alone.

CONTAINERD=$STATE/containerd
CONTAINERD_SOCKET=$CONTAINERD/containerd.sock
CONTAINERD_PID=$STATE/run/containerd.pid
CONTAINERD_LOG=$STATE/log/containerd.log

ctr_k8s() { ctr -a "$CONTAINERD_SOCKET" -n k8s.io "$@"; }

start_containerd() {
  if running "$CONTAINERD_PID" && ctr_k8s version >/dev/null 2>&1; then return 0; fi
  stop_process "$CONTAINERD_PID" 5
  step "starting containerd"
  mkdir -p "$CONTAINERD"/{root,state,cni,certs.d,opt}
  sed "s|BASE|$CONTAINERD|g" "$REPO/deploy/containerd.toml" >"$CONTAINERD/config.toml"
  start_in_background "$CONTAINERD_PID" "$CONTAINERD_LOG" containerd --config "$CONTAINERD/config.toml"
  wait_for_process "$CONTAINERD_PID" "$CONTAINERD_LOG" 20 containerd_answers "containerd does not answer"
}

containerd_answers() { ctr_k8s plugins ls | grep -q '^io.containerd.grpc.v1 *cri .*ok'; }

# Imports the archives of out/images that this containerd does not have yet.
import_images() {
  local archive sum
  for archive in "$IMAGES"/*.tar; do
    sum=$CONTAINERD/imported-$(basename "$archive" .tar)
    cmp -s "${archive%.tar}.inputs" "$sum" && continue
    note "importing $(basename "$archive" .tar)"
    ctr_k8s images import "$archive" >"$STATE/log/import.log" 2>&1 ||
      { show_tail "$STATE/log/import.log"; fail "containerd does not take $archive" "make it again: rm $archive && ./dev up"; }
    cp "${archive%.tar}.inputs" "$sum"
  done
}
