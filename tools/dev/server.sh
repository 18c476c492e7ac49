# `cyb server` in the background.

SERVER_PID=$STATE/run/server.pid
SERVER_LOG=$STATE/log/server.log
CLUSTER_KUBECONFIG=$STATE/kubeconfig

start_server() {
  if running "$SERVER_PID" && [ "$OUT/lib/cyb" -ot "$SERVER_PID" ] && server_ready; then return 0; fi
  stop_process "$SERVER_PID" 20
  step "starting the server"
  local arguments=(
    --data-dir "$STATE/server"
    --write-kubeconfig "$CLUSTER_KUBECONFIG"
    --container-runtime-endpoint "unix://$CONTAINERD_SOCKET"
    --cni-conf-dir "$CONTAINERD/cni"
  )
  # shellcheck disable=SC2206 # the user's own words
  arguments+=(${CYBERNETES_ARGUMENTS:-})
  note "cyb server ${arguments[*]}"
  [ ! -f "$SERVER_LOG" ] || mv "$SERVER_LOG" "$SERVER_LOG.1"
  start_in_background "$SERVER_PID" "$SERVER_LOG" "$OUT/cyb" server "${arguments[@]}"
  wait_for_server 30 server_ready "the server is not ready"
}

wait_for_server() { wait_for_process "$SERVER_PID" "$SERVER_LOG" "$@"; }

cluster_kubectl() { kubectl --kubeconfig "$CLUSTER_KUBECONFIG" --request-timeout=10s "$@"; }
server_ready() { [ -s "$CLUSTER_KUBECONFIG" ] && [ "$(cluster_kubectl get --raw /readyz)" = ok ]; }
node_ready() { cluster_kubectl get nodes --no-headers | grep -qw Ready; }
