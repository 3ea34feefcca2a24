#!/usr/bin/env bash
# Fetches every program that Powerline's tests and demo run into one tree of
# the stack's own, without root and without changing the host:
#
#   forky/      Asterisk 22 and SIPp, from Debian forky (bookworm has no Asterisk 22)
#   bookworm/   Redis, PostgreSQL, Prometheus, espeak-ng and sox, as a Debian 12 server has them, and
#               Chromium with fonts for Latin and Devanagari, for the tests of what people see
#   bin/NAME    a start script per program
#
# A private apt state resolves and fetches the packages and dpkg-deb unpacks
# them; no maintainer script runs and dpkg's database is never touched. Each
# half of the tree brings its own C library: bin/NAME starts the program
# through that library's loader and hands over by exec, so that the process
# one starts is the program itself and a signal reaches it.
#
# usage: deploy/stack/install.sh          install, or return at once if it is up to date
#        deploy/stack/install.sh --check  exit status 0 if up to date, else 1
# environment:
#   STACK_DIR      where the tree goes (default: .stack/root of this repository)
#   DEBIAN_MIRROR  the mirror to use (default: the one this host's apt uses)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=${STACK_DIR:-$here/../../.stack/root}
mkdir -p "$(dirname "$tree")"
tree=$(cd "$(dirname "$tree")" && pwd -P)/$(basename "$tree")
fresh=$tree.new
cache=$tree.cache
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

forky_packages="asterisk asterisk-modules sip-tester libtcmalloc-minimal4t64"
bookworm_packages="redis-server redis-tools postgresql-15 postgresql-client-15 prometheus espeak-ng sox
	chromium fonts-dejavu-core fonts-lohit-deva"

# Packages that the above depend on for their maintainer scripts or for parts
# that we never load. apt is told that they are there, which saves a third of
# the download. The check at the end would find a library missed because of it.
forky_present="adduser debconf perl perl-base python3 gnupg gpgsm dirmngr gpg-agent gpg passwd
	dpkg init-system-helpers"
bookworm_present="adduser debconf perl perl-base locales passwd dpkg tar ssl-cert postgresql-common
	postgresql-client-common openssl init-system-helpers lsb-base sysvinit-utils libllvm14 tzdata
	libgtk-3-0 x11-utils xdg-utils libpam-systemd mesa-vulkan-drivers libgl1-mesa-dri"

# name=half:path of the real program inside that half[:library that its loader
# puts before all others, in that half's directory of libraries]
programs="asterisk=forky:usr/sbin/asterisk:libtcmalloc_minimal.so.4
	sipp=forky:usr/bin/sipp
	redis-server=bookworm:usr/bin/redis-server
	redis-cli=bookworm:usr/bin/redis-cli
	postgres=bookworm:usr/lib/postgresql/15/bin/postgres
	initdb=bookworm:usr/lib/postgresql/15/bin/initdb
	psql=bookworm:usr/lib/postgresql/15/bin/psql
	prometheus=bookworm:usr/bin/prometheus
	promtool=bookworm:usr/bin/promtool
	espeak-ng=bookworm:usr/bin/espeak-ng
	sox=bookworm:usr/bin/sox"

started=$(date +%s%N)
say() { printf 'stack: %5.1f s  %s\n' "$((($(date +%s%N) - started) / 100000000))e-1" "$*" >&2; }
die() {
	printf 'stack: %s\n' "$*" >&2
	exit 1
}

# The stamp is this script's own hash: change a package above and the tree is
# made anew; change nothing and it stands.
stamp() { sha256sum "${BASH_SOURCE[0]}" | cut -d' ' -f1; }
up_to_date() { [ -f "$tree/stamp" ] && [ "$(cat "$tree/stamp")" = "$(stamp)" ]; }

# mirror prints the site from which this host's apt gets Debian itself: the
# main component of the release that the host runs.
mirror() {
	local codename site
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		echo "$DEBIAN_MIRROR"
		return
	fi
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
		awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }')
	[ -n "$site" ] || die "apt on this host names no Debian mirror for '$codename main': set DEBIAN_MIRROR"
	echo "$site"
}

# apt_state SUITE SITE PRESENT… makes the private apt state of one half. Of
# the host's settings only how to fetch (proxies and the like) is taken over;
# its hooks, pins and sources are not.
apt_state() {
	local suite=$1 site=$2 state=$cache/$1 name
	shift 2
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	{
		apt-config dump --format '%F "%v";%n' Acquire | grep -v -e ':: ' -e ' "";$' || true
		cat <<-CONF
			APT::Architecture "$(dpkg --print-architecture)";
			APT::Architectures { "$(dpkg --print-architecture)"; };
			APT::Sandbox::User "root";
			APT::Install-Recommends "false";
			Acquire::Languages "none";
			Acquire::Check-Valid-Until "false";
			Acquire::Retries "3";
			Dir::State "$state";
			Dir::State::lists "$state/lists";
			Dir::State::status "$state/status";
			Dir::Cache "$state";
			Dir::Cache::archives "$state/archives";
			Dir::Etc::sourcelist "$state/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::main "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
		CONF
	} >"$state/apt.conf"
	echo "deb [signed-by=$keyring] $site $suite main" >"$state/sources.list"
	for name in "$@"; do
		printf 'Package: %s\nStatus: install ok installed\nVersion: 999:1\nArchitecture: %s\nMulti-Arch: allowed\nMaintainer: nobody\nDescription: not needed here\n\n' \
			"$name" "$(dpkg --print-architecture)"
	done >"$state/status"
}

# quietly LOG COMMAND… shows what the command said only if it fails.
quietly() {
	local log=$1
	shift
	if ! "$@" >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		return 1
	fi
}

# half SUITE SITE PACKAGES PRESENT fetches and unpacks one half of the tree.
half() {
	local suite=$1 site=$2 packages=$3 present=$4 state=$cache/$1 count
	apt_state "$suite" "$site" $present
	export APT_CONFIG=$state/apt.conf
	say "$suite: reading the package list"
	quietly "$state/log" apt-get -q -o APT::Update::Error-Mode=any update ||
		die "$suite: apt could not read the package list of $site (is the machine offline, or has the suite moved?)"
	say "$suite: fetching $(apt-get -qq --print-uris install $packages | awk '{ n++; s += $3 } END { printf "%d packages, %d MB", n, s / 1e6 }')"
	quietly "$state/log" apt-get -q -y --download-only install $packages ||
		die "$suite: apt could not fetch the packages; what was fetched is kept, run again to go on"
	count=$(find "$state/archives" -maxdepth 1 -name '*.deb' | wc -l)
	[ "$count" -gt 10 ] || die "$suite: only $count packages were fetched"
	say "$suite: unpacking $count packages"
	mkdir -p "$fresh/$suite"
	find "$state/archives" -maxdepth 1 -name '*.deb' -print0 |
		xargs -0 -P 4 -n 6 sh -c 'to=$1; shift; for deb; do dpkg-deb -x "$deb" "$to" || exit 255; done' sh "$fresh/$suite"
	say "$suite: done"
}

# loader HALF prints the path of that half's dynamic loader inside the tree.
loader() {
	(cd "$fresh" && find "$1" -name 'ld-linux*.so.*' -path '*-linux-gnu*' | head -n 1)
}

# start_script NAME HALF PATH [PRELOAD] writes bin/NAME. Only shell built-ins run before
# the exec, and the path is worked out at run time, so the tree may be moved.
# Libraries that happen to be installed on the host must not be used: it would
# work here and nowhere else.
start_script() {
	local name=$1 half=$2 path=$3 preload=${4:-} ld dir libraries options
	ld=$(loader "$half")
	[ -n "$ld" ] || die "$half: no dynamic loader among the packages"
	[ -x "$fresh/$half/$path" ] || die "$name: $half/$path is not among the packages"
	dir=$half/usr/lib/$(basename "$(dirname "$ld")")
	libraries="\$tree/$(dirname "$ld"):\$tree/$dir:\$tree/$dir/pulseaudio"
	options="--inhibit-cache --library-path \"$libraries\""
	if [ -n "$preload" ]; then
		[ -e "$fresh/$dir/$preload" ] || die "$name: $dir/$preload is not among the packages"
		options="$options --preload $preload" # searched for where all libraries are
	fi
	cat >"$fresh/bin/$name" <<-SCRIPT
		#!/bin/sh
		tree=\${0%/*}/..
		export ESPEAK_DATA_PATH="\$tree/$dir"
		exec "\$tree/$ld" $options --argv0 "\$tree/$half/$path" "\$tree/$half/$path" "\$@"
	SCRIPT
	chmod 755 "$fresh/bin/$name"
	"$fresh/$ld" --inhibit-cache --library-path "${libraries//\$tree/$fresh}" --list "$fresh/$half/$path" >"$fresh/libraries" 2>&1 ||
		die "$name: $(cat "$fresh/libraries")"
	if grep '=>' "$fresh/libraries" | grep -v -F "$fresh/" >&2; then
		die "$name: a library is not in the tree, see above"
	fi
}

# initdb runs the program called "postgres" that lies beside it, so a start
# script takes its place and the real one gets another name.
let_initdb_find_postgres() {
	local dir=bookworm/usr/lib/postgresql/15/bin
	mv "$fresh/$dir/postgres" "$fresh/$dir/postgres.real"
	sed -i -e "s|bin/postgres\" \"\\\$@\"|bin/postgres.real\" \"\$@\"|" "$fresh/bin/postgres"
	printf '#!/bin/sh\nexec "${0%%/*}/../../../../../../bin/postgres" "$@"\n' >"$fresh/$dir/postgres"
	chmod 755 "$fresh/$dir/postgres"
}

# chromium_script writes bin/chromium. Chromium starts itself again for each page,
# by the path of its own program, so that it cannot be started by way of a loader:
# the host's C library serves, which is that of Debian 12 too, and everything
# else comes from the tree. Fonts are the tree's as well, so that Devanagari looks
# alike everywhere.
chromium_script() {
	local libraries=$fresh/bookworm/chromium-libraries library name
	mkdir -p "$libraries"
	for library in "$fresh"/bookworm/lib/*-linux-gnu/*.so* "$fresh"/bookworm/usr/lib/*-linux-gnu/{,nss/,pulseaudio/}*.so*; do
		name=${library##*/}
		case $name in
		ld-linux*|libc.so*|libm.so*|libmvec.so*|libdl.so*|librt.so*|libpthread.so*|libresolv.so*|libutil.so*|libanl.so*|libnsl.so*|libBrokenLocale.so*|libthread_db.so*|libnss_*|libc_malloc_debug*|libmemusage*|libpcprofile*) ;;
		*) ln -sf "../${library#"$fresh/bookworm/"}" "$libraries/$name" ;;
		esac
	done
	cat >"$fresh/bookworm/fonts.conf" <<-CONF
		<?xml version="1.0"?>
		<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
		<fontconfig>
		<dir prefix="relative">usr/share/fonts</dir>
		<cachedir prefix="xdg">fontconfig</cachedir>
		<alias binding="same"><family>sans-serif</family><prefer><family>DejaVu Sans</family><family>Lohit Devanagari</family></prefer></alias>
		<alias binding="same"><family>system-ui</family><prefer><family>DejaVu Sans</family><family>Lohit Devanagari</family></prefer></alias>
		<alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
		</fontconfig>
	CONF
	cat >"$fresh/bin/chromium" <<-SCRIPT
		#!/bin/sh
		tree=\$(cd "\${0%/*}/.." && pwd -P)
		export LD_LIBRARY_PATH="\$tree/bookworm/chromium-libraries" FONTCONFIG_FILE="\$tree/bookworm/fonts.conf" XDG_CACHE_HOME="\$tree/bookworm/cache"
		exec "\$tree/bookworm/usr/lib/chromium/chromium" "\$@"
	SCRIPT
	chmod 755 "$fresh/bin/chromium"
	LD_TRACE_LOADED_OBJECTS=1 "$fresh/bin/chromium" >"$fresh/libraries" 2>&1 || die "chromium: $(cat "$fresh/libraries")"
	if grep -e 'not found' -e '=> /usr' -e '=> /lib' "$fresh/libraries" | grep -v -E '^\s*(libc|libm|libdl|librt|libpthread|libresolv)\.so' >&2; then
		die "chromium: a library is not in the tree, see above"
	fi
}

install_tree() {
	local site entry name half path preload pids=()
	for name in apt-get dpkg-deb sha256sum xargs flock; do
		command -v "$name" >/dev/null || die "this host has no $name: a Debian 12 machine is needed"
	done
	[ -r "$keyring" ] || die "$keyring is missing: install the package debian-archive-keyring"
	site=$(mirror)
	say "installing into $tree from $site"
	rm -rf "$fresh"
	mkdir -p "$fresh/bin" "$cache"

	# Whatever ends this script ends both halves too.
	trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
	trap 'exit 130' INT TERM
	half forky "$site" "$forky_packages" "$forky_present" & pids+=($!)
	half bookworm "$site" "$bookworm_packages" "$bookworm_present" & pids+=($!)
	local failed=
	for entry in "${pids[@]}"; do
		wait "$entry" || failed=yes
	done
	[ -z "$failed" ] || die "not installed, see above"

	for entry in $programs; do
		IFS=: read -r half path preload <<<"${entry#*=}"
		start_script "${entry%%=*}" "$half" "$path" "$preload"
	done
	let_initdb_find_postgres
	chromium_script
	rm -f "$fresh/libraries"
	try_programs
	stamp >"$fresh/stamp"
	# Whoever runs programs of the old tree finds the new ones a moment later.
	rm -rf "$tree.old"
	[ ! -e "$tree" ] || mv "$tree" "$tree.old"
	mv "$fresh" "$tree"
	rm -rf "$tree.old" "$cache"
	say "ready: $(du -sh "$tree" | cut -f1) in $tree"
}

# try_programs runs each program once, so that a tree which is stamped works.
try_programs() {
	local name
	for name in "asterisk -V" "redis-server --version" "redis-cli --version" "postgres --version" \
		"initdb --version" "psql --version" "prometheus --version" "promtool --version" "espeak-ng --version" "sox --version" "chromium --version"; do
		quietly "$fresh/try" "$fresh/bin/"$name || die "$name: does not run here, see above"
		say "$(head -n 1 "$fresh/try" | cut -c1-100)"
	done
	# SIPp answers -v with exit status 99.
	"$fresh/bin/sipp" -v >"$fresh/try" 2>&1 || true
	grep -q 'SIPp v' "$fresh/try" || die "sipp: does not run here: $(cat "$fresh/try")"
	say "$(grep -m 1 -o 'SIPp v.*' "$fresh/try")"
	rm -f "$fresh/try"
}

if up_to_date; then
	exit 0
fi
[ "${1:-}" != --check ] || exit 1
# One installer at a time: a second one waits and then finds the work done.
exec 9>"$tree.lock"
flock 9
up_to_date || install_tree
