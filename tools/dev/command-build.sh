source "$REPO/tools/dev/build.sh"

command_build() {
  need_dotnet
  need_packages "$BUILD_PACKAGES"
  step "building the program"
  build_program
}
