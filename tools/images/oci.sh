# An OCI image archive is a tar with some JSON inside (image-spec v1.1, image-layout.md): written here with nothing but
# tar, sha256sum and printf. The same input gives the same bytes: sorted names, no times, no owners, no compression.

OCI_TAR=(tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu)

# layer FOLDER WORK: makes a layer of the folder's content in the blob store WORK; prints "digest size".
layer() {
  "${OCI_TAR[@]}" -C "$1" -cf "$2/layer" .
  blob "$2" "$2/layer"
}

# blob WORK FILE: moves the file to the blob store; prints "digest size".
blob() {
  local digest size
  digest=$(sha256sum <"$2" | cut -d' ' -f1)
  size=$(stat -c %s "$2")
  mkdir -p "$1/blobs/sha256"
  mv "$2" "$1/blobs/sha256/$digest"
  echo "$digest $size"
}

# image WORK CONFIG LAYER…: writes config and manifest over the layers (each "digest size"); prints the manifest's "digest size".
image() {
  local work=$1 config=$2 diffs='' layers='' history='' one digest size
  shift 2
  for one in "$@"; do
    read -r digest size <<<"$one"
    diffs+="${diffs:+,}\"sha256:$digest\""
    history+="${history:+,}{\"created\":\"1970-01-01T00:00:00Z\",\"created_by\":\"tools/images\"}"
    layers+="${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:$digest\",\"size\":$size}"
  done
  printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]},"history":[%s]}' \
    "$(oci_architecture)" "$config" "$diffs" "$history" >"$work/config"
  read -r digest size <<<"$(blob "$work" "$work/config")"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[%s]}' \
    "$digest" "$size" "$layers" >"$work/manifest"
  blob "$work" "$work/manifest"
}

# archive WORK OUT NAME "DIGEST SIZE" [NAME "DIGEST SIZE"]…: the archive with these images under these full names.
archive() {
  local work=$1 out=$2 manifests='' name digest size
  shift 2
  while [ $# -gt 0 ]; do
    name=$1
    read -r digest size <<<"$2"
    manifests+="${manifests:+,}{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size,\"platform\":{\"architecture\":\"$(oci_architecture)\",\"os\":\"linux\"},\"annotations\":{\"io.containerd.image.name\":\"$name\",\"org.opencontainers.image.ref.name\":\"${name##*:}\"}}"
    shift 2
  done
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' "$manifests" >"$work/index.json"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$work/oci-layout"
  "${OCI_TAR[@]}" -C "$work" -cf "$out.new" oci-layout index.json blobs
  mv "$out.new" "$out"
}

oci_architecture() {
  case $(uname -m) in
    aarch64) echo arm64 ;;
    *) echo amd64 ;;
  esac
}
