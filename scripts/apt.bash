# apt.bash, to be sourced: Debian packages out of any suite, without root and without a change to the machine's own sources.

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# say WORD…: a message, under the name of the script.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# can_apt says what is missing, if something is.
can_apt() {
  local tool
  for tool in apt-get dpkg-deb flock; do
    command -v "$tool" >/dev/null || { say "needs $tool: this comes as Debian packages"; return 1; }
  done
  [[ -r $keyring ]] || { say "needs $keyring (package debian-archive-keyring)"; return 1; }
}

# site prints the Debian mirror to use: DEBIAN_MIRROR, else the one that the machine is configured for.
site() {
  local found
  found=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1) || true
  found=${DEBIAN_MIRROR:-$found}
  [[ -n $found ]] || { say 'no Debian mirror is configured here: set DEBIAN_MIRROR to the address of one'; return 1; }
  printf '%s\n' "$found"
}

# private DIR CMD…: runs an apt command that reads and writes DIR instead of the machine's package lists.
private() {
  local dir=$1 cmd=$2
  shift 2
  "$cmd" -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$dir/lists" \
    -o "Dir::State::status=$dir/status" -o "Dir::Cache=$dir/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
    -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 "$@"
}

# refresh DIR URL SUITE makes DIR a private apt state that knows the packages of one suite, and nothing installed.
refresh() {
  local dir=$1 url=$2 suite=$3
  rm -rf "$dir"
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  : >"$dir/status"
  printf 'deb [arch=amd64 signed-by=%s target=Packages] %s %s main\n' "$keyring" "$url" "$suite" >"$dir/sources.list"
  private "$dir" apt-get -q update --error-on=any >"$dir/log" 2>&1
}
