source "$REPO/tools/dev/images.sh"

command_images() {
  need_dotnet
  need_packages "$BUILD_PACKAGES"
  step "making the container images"
  make_images
}
