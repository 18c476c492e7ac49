# The code's format (dotnet format by .editorconfig) and the house rules; --fix mends the format.
command_tidy() {
  local verify=(--verify-no-changes) trouble=0
  [ "${1:-}" != --fix ] || verify=()
  need_dotnet
  step "checking the format"
  dotnet format whitespace "$REPO/Cybernetes.slnx" --no-restore "${verify[@]}" </dev/null || trouble=1
  dotnet format style "$REPO/Cybernetes.slnx" "${verify[@]}" </dev/null || trouble=1
  [ $trouble -eq 0 ] || note "mend it with: ./dev tidy --fix"
  step "checking the shell scripts"
  local script
  for script in "$REPO/dev" "$REPO"/tools/dev/*.sh "$REPO"/tools/images/*.sh; do bash -n "$script" || trouble=1; done
  step "checking the house rules"
  "$REPO/dev" test House || trouble=1
  return $trouble
}
