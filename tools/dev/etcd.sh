# etcd 3.5 for the tests, out of the next suite of Debian (12 has 3.4): out/etcd/3.5/etcd. It is not installed.

NEWER_ETCD=$OUT/etcd/3.5/etcd

# True when it is there, or could be fetched.
fetch_newer_etcd() {
  local folder=$OUT/etcd/.trixie result=0
  [ ! -x "$NEWER_ETCD" ] || return 0
  mkdir -p "$folder/unpacked" "$(dirname "$NEWER_ETCD")"
  note "fetching Debian trixie's etcd-server"
  {
    read_suite trixie "$folder" && (cd "$folder" && apt-get -qq "${SUITE_OPTIONS[@]}" download etcd-server/trixie </dev/null) &&
      dpkg-deb -x "$folder"/etcd-server_*.deb "$folder/unpacked" && cp "$folder/unpacked/usr/bin/etcd" "$NEWER_ETCD"
  } >"$OUT/etcd.log" 2>&1 || result=1
  rm -rf "$folder"
  return $result
}
