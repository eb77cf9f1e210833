# Sourced by ./sonde and tests/run: `find_deno ROOT` sets `deno` to the pinned Deno. That is the one beside the project,
# else one of exactly that version on PATH, else one that npm fetches now, once. Where the pinned one is there, no
# process is started. POSIX sh.

deno_version=2.9.6

fail() {
  printf 'sonde: %s\n' "$@" >&2
  exit 3
}

find_deno() {
  # The program loader that Deno needs tells the processor without starting a process.
  x64_loader=/lib64/ld-linux-x86-64.so.2
  arm64_loader=/lib/ld-linux-aarch64.so.1
  if [ -e "$x64_loader" ] && [ ! -e "$arm64_loader" ]; then
    package=linux-x64-glibc
  elif [ -e "$arm64_loader" ] && [ ! -e "$x64_loader" ]; then
    package=linux-arm64-glibc
  else
    case $(uname -s)-$(uname -m) in
      Linux-x86_64) package=linux-x64-glibc ;;
      Linux-aarch64) package=linux-arm64-glibc ;;
      *) fail "runs on Linux on x86-64 or aarch64 only; this is $(uname -s) on $(uname -m)." ;;
    esac
  fi
  deno=$1/node_modules/@deno/$package/deno
  [ ! -x "$deno" ] || return 0

  if found=$(command -v deno 2>/dev/null) && "$found" --version 2>/dev/null | grep -q "^deno $deno_version "; then
    deno=$found
  else
    fetch_deno "$1/node_modules"
  fi
}

# Into a folder of its own, moved in place when complete: an interrupted download leaves nothing half done, and two
# first runs at once do not disturb one another.
fetch_deno() {
  command -v npm >/dev/null 2>&1 || fail "needs Deno $deno_version, and npm to fetch it; neither is here." \
    "Install Node.js (Debian: apt-get install npm), or put Deno $deno_version on PATH, and try again."
  mkdir -p "$1/@deno" 2>/dev/null && stage=$(mktemp -d "$1/.deno-XXXXXX" 2>/dev/null) ||
    fail "cannot write to $1 to put Deno there." "Run it once as the owner of that folder."
  trap 'rm -rf "$stage"' EXIT
  trap 'exit 130' INT TERM HUP
  printf 'sonde: fetching Deno %s with npm (@deno/%s, about 40 MB), once\n' "$deno_version" "$package" >&2
  npm install --prefix "$stage" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
    "@deno/$package@$deno_version" >&2 || fail "npm could not fetch @deno/$package@$deno_version; its message is above." \
    "Check the network and npm's registry setting, or put Deno $deno_version on PATH, and try again."
  chmod +x "$stage/node_modules/@deno/$package/deno"
  "$stage/node_modules/@deno/$package/deno" --version >/dev/null ||
    fail "the Deno that npm fetched does not run here; it needs glibc 2.27 or newer."
  mv -T "$stage/node_modules/@deno/$package" "${deno%/deno}" 2>/dev/null || [ -x "$deno" ] ||
    fail "cannot move Deno to ${deno%/deno}."
  rm -rf "$stage"
  trap - EXIT INT TERM HUP
}
