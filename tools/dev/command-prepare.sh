source "$REPO/tools/dev/build.sh"
source "$REPO/tools/dev/images.sh"
source "$REPO/tools/dev/kubectl.sh"

# All that the end-to-end tests need; they run it themselves when they start.
command_prepare() {
  need_root prepare
  need_dotnet
  need_packages "$RUNTIME_PACKAGES" "$BUILD_PACKAGES" "$TEST_PACKAGES" "$CLIENT_PACKAGES"
  step "preparing the end-to-end tests: program, images, kubectl versions"
  build_program
  make_images
  collect_kubectls
}
