command_help() {
  cat <<TEXT
${BOLD}./dev${PLAIN}: works on and with Cybernetes. Needs Debian 12 and the .NET SDK 10; installs everything else itself.

  ./dev up               build, start a cluster on this machine and show its sample page (root)
  ./dev down             end that cluster; leaves no process, mount, rule or file behind (root)
  ./dev build            publish the program to out/cyb
  ./dev images           make the container images as OCI archives in out/images
  ./dev test [NAME…]     run all tests, or only the test projects whose name holds NAME
  ./dev fuzz             throw bad input at codecs and server; --seconds N for each test, --seed N to begin with
  ./dev soak             kill the API server's process 200 times under load, the store's, and etcd's members; --kills N, --seed N
  ./dev package [RID…]   make the NuGet package Cybernetes.Testing in out/packages, compiled ahead for these runtimes (else this one)
  ./dev sample-operator  the same, then build samples/operator against it alone and run its tests
  ./dev sim              whole clusters under virtual time, each by one seed: --seed N replays, --seeds A-B runs many; --help
  ./dev prepare          only make what the end-to-end tests need
  ./dev tidy             check the code's format and the house rules; './dev tidy --fix' mends the format
  ./dev bench [NAME]     measure: store, load, api, micro, …; without a name, list them
  ./dev help             this text

Examples
  ./dev up && export KUBECONFIG=$STATE/kubeconfig && kubectl get pods -A
  ./dev test Store Wire
  ./dev down

Settings (environment)
  CYBERNETES_STATE       where the cluster keeps its data (now: $STATE)
  CYBERNETES_ARGUMENTS   further arguments for 'cyb server'
  NO_COLOR               no colours
TEXT
}
