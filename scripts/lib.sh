# Shared by the scripts beside it: source it, do not run it.
# shellcheck shell=sh

# What is made here is for the server's user to read, whatever the caller's mask.
umask 022

say() { printf '%s\n' "starhouse: $*" >&2; }
die() { say "$*"; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }

# Runs a command as the user that may run a server: root may not, so it becomes `postgres`. HOME and
# the current folder are the given one, since postgres may not be able to enter the caller's.
as_server() {
  as_server_home=$1
  shift
  if is_root; then
    (cd "$as_server_home" && setpriv --reuid=postgres --regid=postgres --init-groups env HOME="$as_server_home" "$@")
  else
    "$@"
  fi
}

# True when the server's user can enter the folder.
server_can_enter() {
  is_root || return 0
  setpriv --reuid=postgres --regid=postgres --init-groups test -x "$1" 2>/dev/null
}

# A new folder for a private cluster, short enough for a socket path and open to the server's user.
cluster_folder() {
  cluster_parent=${TMPDIR:-/tmp}
  if ! server_can_enter "$cluster_parent" || [ ${#cluster_parent} -gt 60 ]; then cluster_parent=/tmp; fi
  mktemp -d "$cluster_parent/starhouse.XXXXXX"
}
