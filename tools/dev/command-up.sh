source "$REPO/tools/dev/build.sh"
source "$REPO/tools/dev/images.sh"
source "$REPO/tools/dev/containerd.sh"
source "$REPO/tools/dev/snapshot.sh"
source "$REPO/tools/dev/server.sh"

SAMPLE_PORT=30080

# A cluster on this machine with the sample app in it; what is there already is kept.
command_up() {
  local started=$SECONDS
  need_root up
  need_dotnet
  need_packages "$RUNTIME_PACKAGES" "$BUILD_PACKAGES" "$CLIENT_PACKAGES"
  mkdir -p "$STATE"/{run,log}
  touch "$STATE/.cybernetes"
  take_snapshot
  step "building the program"
  build_program
  step "making the container images"
  make_images
  start_containerd
  import_images
  start_server
  step "waiting for the node"
  wait_for_server 60 node_ready "the node is not Ready"
  step "applying deploy/sample.yaml"
  apply_sample
  step "fetching the page through the node port"
  wait_for_server 30 fetch_page "http://127.0.0.1:$SAMPLE_PORT/ does not answer"
  note "$(fetch_page | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p')"
  say_how_to_go_on "$(seconds_since "$started")"
}

apply_sample() {
  cluster_kubectl apply -f "$REPO/deploy/sample.yaml" | sed 's/^/    /' || fail "kubectl apply failed" "the server's log: $SERVER_LOG"
  if ! kubectl --kubeconfig "$CLUSTER_KUBECONFIG" rollout status deployment/kuard --timeout=120s | sed 's/^/    /'; then
    cluster_kubectl get pods -o wide >&2 || true
    cluster_kubectl get events >&2 || true
    fail "the sample is not running after 120 s" "look closer with: export KUBECONFIG=$CLUSTER_KUBECONFIG; kubectl describe pods"
  fi
}

fetch_page() { curl -fsS --max-time 5 "http://127.0.0.1:$SAMPLE_PORT/"; }

say_how_to_go_on() {
  step "the cluster is up ($1 s)"
  cat <<TEXT

  The page:    http://127.0.0.1:$SAMPLE_PORT/
  The cluster: ${BOLD}export KUBECONFIG=$CLUSTER_KUBECONFIG${PLAIN}
               kubectl get pods -o wide
               kubectl set image deployment/kuard kuard=kuard:2 && kubectl rollout status deployment/kuard
  The log:     $SERVER_LOG
  The end:     ./dev down

TEXT
}
