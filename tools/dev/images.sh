# Container images without a registry: OCI archives in out/images, made again only when what goes into them has changed.

IMAGES=$OUT/images
IMAGE_ARCHIVES=(pause busybox kuard)
TOOLS=$REPO/tools/images
source "$TOOLS/oci.sh"
for one in "${IMAGE_ARCHIVES[@]}"; do source "$TOOLS/$one.sh"; done

make_images() {
  local one started=$SECONDS
  mkdir -p "$IMAGES"
  exec 8>"$IMAGES/.lock"
  flock 8
  for one in "${IMAGE_ARCHIVES[@]}"; do make_image "$one" 8>&-; done
  exec 8>&-
  note "images are in $IMAGES ($(seconds_since "$started") s)"
}

make_image() (
  name=$1
  umask 022
  inputs=$("inputs_of_$name"; sha256sum "$TOOLS/oci.sh" "$TOOLS/$name.sh")
  [ -f "$IMAGES/$name.tar" ] && [ "$inputs" = "$(cat "$IMAGES/$name.inputs" 2>/dev/null)" ] && exit 0
  note "making $name"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  rm -f "$IMAGES/$name.inputs"
  "make_$name" "$work" "$IMAGES/$name.tar"
  printf '%s\n' "$inputs" >"$IMAGES/$name.inputs"
)
