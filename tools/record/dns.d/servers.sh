# shellcheck shell=bash disable=SC2034,SC2154 # tools/record/dns has the variables
# The servers, each with the least configuration that makes it answer. Each of the serve_ functions
# takes the namespace and the last part of its addresses, reads what is peculiar to the theme from
# standard input, and returns once the server answers.

# Throw-away keys; pcaps/dns/README.md says them too, so that tests can check signatures.
tsig_name=meddle-test.
tsig_secret=bWVkZGxlIHRocm93LWF3YXkgdGVzdCBrZXkgMjAyNCE=
tsig=hmac-sha256:$tsig_name:$tsig_secret

declare -A version

find_versions() {
	version[dig]=$(dig -v 2>&1 | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
	version[nsupdate]=${version[dig]}
	version[named]=$(named -v | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
	version[kdig]=$(kdig -V | grep -oE '[0-9]+\.[0-9.]+')
	version[knotd]=$(knotd -V | grep -oE '[0-9]+\.[0-9.]+')
	version[nsd]=$(nsd -v 2>&1 | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
	version[unbound]=$(unbound -V | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
	version[dnsmasq]=$(dnsmasq -v | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
	version[dnsperf]=$(dnsperf -h 2>&1 | grep -oE 'Version [0-9.]+' | cut -d ' ' -f 2)
	if command -v node >/dev/null; then
		version[c-ares]=$(node -p process.versions.ares)
	fi
}

# Any answer will do: the point is that it answers at all.
answers() { # answers HOST
	until_true ip netns exec "$client" dig +time=1 +tries=1 +norecurse "@192.0.2.$1" . SOA
}

# A big TXT set is a matter of a loop: so many strings of 200 bytes each.
big_zone() {
	local count i
	cat <<-'EOF'
		$ORIGIN big.example.
		$TTL 3600
		@ SOA ns1.example. hostmaster.example. 1 7200 900 1209600 300
		@ NS ns1.example.
	EOF
	for count in 2 4 6 17 60; do
		for ((i = 0; i < count; i++)); do
			printf 'txt%d TXT "%03d %0196d"\n' "$count" "$i" 0
		done
	done
}

serve_dnsmasq() {
	local conf=$tmp/dnsmasq.conf
	cat - >"$conf" <<-EOF
		user=root
		pid-file=
		no-resolv
		no-hosts
		bind-interfaces
		listen-address=192.0.2.$2
		listen-address=2001:db8::$2
	EOF
	cat >>"$conf"
	start "$1" dnsmasq --keep-in-foreground --log-facility=- --conf-file="$conf"
	answers "$2"
}

serve_knot() {
	local dir=$tmp/knot-$2
	rm -rf "$dir"
	mkdir "$dir"
	cat >"$dir/conf" <<-EOF
		server:
		    rundir: $dir
		    listen: [ 192.0.2.$2@53, "2001:db8::$2@53" ]
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		    nsid: knot
		    udp-max-payload: 4096
		database:
		    storage: $dir
		log:
		  - target: stderr
		    any: info
		template:
		  - id: default
		    storage: $dir
		    zonefile-sync: -1
	EOF
	cat >>"$dir/conf"
	start "$1" knotd -c "$dir/conf"
	answers "$2"
}

knot_ask() { # knot_ask HOST COMMAND... speaks to the knotd of that host
	knotc -s "$tmp/knot-$1/knot.sock" "${@:2}" >/dev/null
}

serve_nsd() {
	local dir=$tmp/nsd-$2
	rm -rf "$dir"
	mkdir "$dir"
	cat >"$dir/conf" <<-EOF
		server:
		    ip-address: 192.0.2.$2
		    ip-address: 2001:db8::$2
		    server-count: 1
		    username: ""
		    zonesdir: "$dir"
		    xfrdir: "$dir"
		    database: ""
		    pidfile: "$dir/pid"
		    xfrdfile: "$dir/xfrd"
		    zonelistfile: "$dir/zones"
		    nsid: ascii_nsd
		    identity: nsd
		    ipv4-edns-size: 4096
		    ipv6-edns-size: 4096
		remote-control:
		    control-enable: no
	EOF
	cat >>"$dir/conf"
	start "$1" nsd -d -c "$dir/conf"
	answers "$2"
}

serve_unbound() {
	local conf=$tmp/unbound.conf
	cat >"$conf" <<-EOF
		server:
		    interface: 192.0.2.$2
		    interface: 2001:db8::$2
		    access-control: 192.0.2.0/24 allow
		    access-control: 2001:db8::/64 allow
		    num-threads: 1
		    chroot: ""
		    username: ""
		    directory: "$tmp"
		    pidfile: ""
		    use-syslog: no
		    do-daemonize: no
		    trust-anchor-signaling: no
		    ede: yes
		    root-hints: "$zones/root.hints"
	EOF
	cat >>"$conf"
	start "$1" unbound -d -c "$conf"
	answers "$2"
}

serve_named() { # serve_named NAMESPACE HOST OPTIONS
	local dir=$tmp/named-$2
	rm -rf "$dir"
	mkdir "$dir"
	cat >"$dir/conf" <<-EOF
		options {
			directory "$dir";
			pid-file none;
			session-keyfile "$dir/session.key";
			lock-file none;
			listen-on { 192.0.2.$2; };
			listen-on-v6 { 2001:db8::$2; };
			recursion no;
			notify no;
			server-id "named";
			edns-udp-size 4096;
			max-udp-size 4096;
			$3
		};
		controls { };
		key "$tsig_name" { algorithm hmac-sha256; secret "$tsig_secret"; };
	EOF
	cat >>"$dir/conf"
	start "$1" named -g -n 1 -c "$dir/conf"
	answers "$2"
}
