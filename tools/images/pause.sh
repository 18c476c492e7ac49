# registry.k8s.io/pause:3.9, the name that containerd asks for by default.

inputs_of_pause() { sha256sum "$TOOLS/pause.c" "$(command -v tcc)"; }

make_pause() {
  local work=$1 out=$2
  mkdir -p "$work/root"
  tcc -nostdlib -static -o "$work/root/pause" "$TOOLS/pause.c"
  local config='{"User":"65535:65535","Env":["PATH=/"],"Entrypoint":["/pause"]}'
  archive "$work" "$out" registry.k8s.io/pause:3.9 "$(image "$work" "$config" "$(layer "$work/root" "$work")")"
}
