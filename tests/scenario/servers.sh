# shellcheck shell=bash disable=SC2034,SC2154 # the scripts read what is set here; lib.sh has the rest
# Servers, each with the least configuration that makes it answer as the one in the captures did. The
# conf_ functions write a configuration for 127.0.0.1 and ::1 at $port, reading what is peculiar from
# standard input, and leave the command that runs it in the foreground in `command`.

tsig_name=meddle-test. # pcaps/dns/README.md says it too
tsig_secret=bWVkZGxlIHRocm93LWF3YXkgdGVzdCBrZXkgMjAyNCE=
tsig=hmac-sha256:$tsig_name:$tsig_secret

server_dir() { # a fresh one, in $dir
	dir=$(mktemp -d "$work/$1.XXXX")
	chmod 755 "$work" "$dir"
}

conf_dnsmasq() {
	server_dir dnsmasq
	cat - >"$dir/conf" <<-END
		port=$port
		user=root
		pid-file=
		no-resolv
		no-hosts
		bind-interfaces
		listen-address=127.0.0.1
		listen-address=::1
		$(cat)
	END
	command=(dnsmasq --keep-in-foreground --log-facility=- --conf-file="$dir/conf")
}

conf_knot() {
	server_dir knot
	cat >"$dir/conf" <<-END
		server:
		    rundir: $dir
		    listen: [ 127.0.0.1@$port, "::1@$port" ]
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
		$(cat)
	END
	command=(knotd -c "$dir/conf")
}

conf_nsd() {
	server_dir nsd
	cat >"$dir/conf" <<-END
		server:
		    ip-address: 127.0.0.1@$port
		    ip-address: ::1@$port
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
		    version: "NSD 4.6.1"
		    ipv4-edns-size: 4096
		    ipv6-edns-size: 4096
		    rrl-ratelimit: 0
		    rrl-whitelist-ratelimit: 0
		remote-control:
		    control-enable: no
		$(cat)
	END
	command=(nsd -d -c "$dir/conf")
}

conf_unbound() {
	server_dir unbound
	cat >"$dir/conf" <<-END
		server:
		    interface: 127.0.0.1
		    interface: ::1
		    port: $port
		    num-threads: 1
		    chroot: ""
		    username: ""
		    directory: "$dir"
		    pidfile: ""
		    use-syslog: no
		    do-daemonize: no
		    do-not-query-localhost: no
		    trust-anchor-signaling: no
		$(cat)
	END
	command=(unbound -d -c "$dir/conf")
}

conf_named() { # conf_named [OPTIONS]
	server_dir named
	cat >"$dir/conf" <<-END
		options {
			directory "$dir";
			pid-file none;
			session-keyfile "$dir/session.key";
			lock-file none;
			listen-on port $port { 127.0.0.1; };
			listen-on-v6 port $port { ::1; };
			recursion no;
			notify no;
			server-id "named";
			edns-udp-size 4096;
			max-udp-size 4096;
			${1:-}
		};
		controls { };
		key "$tsig_name" { algorithm hmac-sha256; secret "$tsig_secret"; };
		$(cat)
	END
	command=(named -g -n 1 -c "$dir/conf")
}

# ---- what the captures were recorded with ----

# example_zone [SED ARGUMENTS...]: the zone of most captures in $zone, perhaps changed
example_zone() {
	zone=$work/example.zone
	sed "${@:-p;d}" "$zones/example.zone" >"$zone"
}

# A big TXT set is so many strings of 200 bytes each; tools/record/dns.d/servers.sh makes the same.
big_zone() {
	local count i
	echo '$ORIGIN big.example.'
	echo '$TTL 3600'
	echo '@ SOA ns1.example. hostmaster.example. 1 7200 900 1209600 300'
	echo '@ NS ns1.example.'
	for count in 2 4 6 17 60; do
		for ((i = 0; i < count; i++)); do
			printf 'txt%d TXT "%03d %0196d"\n' "$count" "$i" 0
		done
	done
}

knot_example() {
	conf_knot <<-END
		acl:
		  - id: anybody
		    address: [ 127.0.0.0/8, "::1" ]
		    action: transfer
		zone:
		  - domain: example.
		    file: $zone
		    acl: anybody
		  - domain: 2.0.192.in-addr.arpa.
		    file: $zones/reverse.zone
	END
}

knot_big() {
	big_zone >"$work/big.zone"
	conf_knot <<-END
		zone:
		  - domain: big.example.
		    file: $work/big.zone
	END
}

knot_dyn() { # knot_dyn signed|neighbours, who may transfer and update
	conf_knot <<-END
		key:
		  - id: $tsig_name
		    algorithm: hmac-sha256
		    secret: $tsig_secret
		acl:
		  - id: signed
		    key: $tsig_name
		    action: [ transfer, update ]
		  - id: neighbours
		    address: 127.0.0.0/8
		    action: [ transfer, update ]
		zone:
		  - domain: dyn.example.
		    file: $zones/dyn.zone
		    acl: [ $1 ]
	END
}

nsd_example() { # nsd_example [OPTION]
	conf_nsd <<-END
		server:
		    ${1:-}
		key:
		    name: "$tsig_name"
		    algorithm: hmac-sha256
		    secret: "$tsig_secret"
		zone:
		    name: example
		    zonefile: $zone
		    provide-xfr: 127.0.0.0/8 $tsig_name
		zone:
		    name: 2.0.192.in-addr.arpa
		    zonefile: $zones/reverse.zone
	END
}

named_example() { # more zones from standard input
	conf_named 'version "9.18.49-1~deb12u3-Debian"; transfer-message-size 4096;' <<-END
		zone "example" {
			type primary;
			file "$zone";
			allow-transfer { 127.0.0.0/8; ::1; };
		};
		$(cat)
	END
}

dnsmasq_example() { # dnsmasq_example [SED ARGUMENTS...]
	conf_dnsmasq < <(sed "${@:-p;d}" <<-END
		local=/example/
		host-record=www.example,192.0.2.80,2001:db8::80
		txt-record=text.example,one string,and another
		mx-host=example,mail.example,10
		srv-host=_sip._udp.example,www.example,5060,10,60
		cname=ftp.example,www.example
	END
	)
}

# A resolver that asks the server at port $1 whatever it is asked.
unbound_example() {
	conf_unbound <<-END
		    local-zone: "2.0.192.in-addr.arpa." nodefault
		forward-zone:
		    name: "."
		    forward-addr: 127.0.0.1@$1
	END
}
