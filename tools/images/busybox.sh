# busybox: Debian's static binary with its applets as links.

inputs_of_busybox() { sha256sum /bin/busybox; }

make_busybox() {
  local work=$1 out=$2 root=$1/root applet made name names=()
  mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr/bin,usr/sbin,sbin,var/run,var/www}
  chmod 1777 "$root/tmp"
  install -m 755 /bin/busybox "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  local config='{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}'
  made=$(image "$work" "$config" "$(layer "$root" "$work")")
  for name in 1.35 latest; do names+=("docker.io/library/busybox:$name" "$made"); done
  archive "$work" "$out" "${names[@]}"
}
