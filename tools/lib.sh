# shellcheck shell=bash
# What the scripts beside this file share: which Debian packages are needed, which of them are
# missing, and how they get here. Sourced; the lists are the files in packages.d.

# Servers live there, and it is not in everybody's path.
PATH+=:/usr/sbin:/sbin

say() {
	printf '%s: %s\n' "${0##*/}" "$*"
}

die() {
	say "$@" >&2
	exit 1
}

# packages LIST... prints those of the lists, each once
packages() {
	(cd "$(dirname "${BASH_SOURCE[0]}")/packages.d" && cat "$@") | sed '/^#/d; /^$/d' | sort -u
}

missing_packages() { # missing_packages LIST...
	local package
	packages "$@" | while read -r package; do
		[[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) == ?i* ]] ||
			echo "$package"
	done
}

# Anything but Debian 12 has other versions of everything, which nobody has tried.
need_debian_12() { # need_debian_12 LIST...
	local ID='' VERSION_ID='' PRETTY_NAME=''
	# shellcheck disable=SC1091
	[[ ! -r /etc/os-release ]] || . /etc/os-release
	[[ $ID != debian || $VERSION_ID != 12 ]] || return 0
	say "packages are installed on Debian 12 only, and this is ${PRETTY_NAME:-something else}." >&2
	echo "Please install what corresponds to these, then say --no-install:" >&2
	packages "$@" | fmt -w 78 | sed 's/^/  /' >&2
	exit 1
}

# as_root COMMAND... with sudo where that is needed
as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo "$@"
	fi
}

# Mirrors fail now and then, so everything that asks one is tried three times.
apt_get() { # apt_get ARGUMENTS...
	local try
	for try in 1 2 3; do
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
			-o DPkg::Lock::Timeout=120 "$@" && return
		((try == 3)) || { say "apt-get $1 failed, once more in 5 seconds" >&2 && sleep 5; }
	done
	return 1
}

# While packages are unpacked nothing may start the servers among them: they are there to be started
# by tests, on ports of their own. A policy that the machine has already is left as it is.
servers_stay_off() {
	policy=/usr/sbin/policy-rc.d
	[[ ! -e $policy ]] || return 0
	trap 'as_root rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

# Installs what is missing of the lists, and says so first. With everything there, asks nobody.
install_packages() ( # install_packages LIST...
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]} > 0)) || exit 0
	need_debian_12 "$@"
	say "installing ${#missing[@]} packages and what they need:"
	fmt -w 78 <<<"${missing[*]}" | sed 's/^/  /'
	((EUID == 0)) || command -v sudo >/dev/null ||
		die "that takes root: please run it as root, or install sudo"
	servers_stay_off
	if ! apt_get update || ! apt_get install --no-install-recommends "${missing[@]}"; then
		die "the packages could not be installed"
	fi
)
