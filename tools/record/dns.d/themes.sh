# shellcheck shell=bash disable=SC2154 # tools/record/dns has the variables
# One function for each capture: the servers it needs, then what the clients ask.

ask=@192.0.2.1 # the server under test, as dig and kdig name it

theme_dnsmasq_basic() {
	serve_dnsmasq "$server" 1 <<-EOF
		local=/example/
		host-record=www.example,192.0.2.80,2001:db8::80
		txt-record=text.example,one string,and another
		mx-host=example,mail.example,10
		srv-host=_sip._udp.example,www.example,5060,10,60
		cname=ftp.example,www.example
	EOF
	record classic 'names of a small network: A, AAAA, PTR, MX, SRV, TXT, CNAME, NXDOMAIN, NODATA' \
		dig dnsmasq
	client dig $ask www.example A www.example AAAA -x 192.0.2.80 ftp.example A
	client dig $ask example MX _sip._udp.example SRV text.example TXT www.example HTTPS
	client dig $ask nothing.example A
	client dig $ask +noedns +noadflag www.example A
	finish
}

theme_dnsmasq_forward() {
	serve_knot "$client" 3 <<-EOF
		zone:
		  - domain: example.
		    file: $zones/example.zone
	EOF
	serve_dnsmasq "$server" 1 <<-EOF
		server=192.0.2.3
		query-port=0
	EOF
	record classic 'a forwarder: its questions to the server behind it, then answers from its cache' \
		'dig dnsmasq' 'dnsmasq knotd'
	client dig $ask www.example A www.example A mail.example A mail.example A
	client dig $ask example MX +dnssec text.example TXT nothing.example A nothing.example A
	finish
}

knot_example() { # knot_example NAMESPACE HOST
	serve_knot "$1" "$2" <<-EOF
		acl:
		  - id: anybody
		    address: [ 192.0.2.0/24, "2001:db8::/64" ]
		    action: transfer
		zone:
		  - domain: example.
		    file: $zones/example.zone
		    acl: anybody
		  - domain: 2.0.192.in-addr.arpa.
		    file: $zones/reverse.zone
	EOF
}

theme_knot_basic() {
	knot_example "$server" 1
	record classic 'answers, wildcard, CNAME, DNAME, delegation, NXDOMAIN, NODATA, a label of 63 bytes' \
		kdig knotd
	client kdig $ask www.example A www.example AAAA ftp.example A -x 192.0.2.80
	client kdig $ask any.wild.example A www.old.example A x.www.old.example A host.sub.example A
	client kdig $ask a.b.c.deep.example A c.deep.example A nothing.example A example SOA
	client kdig $ask text.example TXT _sip._udp.example SRV example ANY WwW.eXaMpLe A
	client kdig $ask a-label-of-exactly-sixty-three-bytes-which-is-the-longest-there.example A
	client kdig $ask +edns +nsid +bufsize=1400 example NS
	finish
}

theme_knot_axfr() {
	knot_example "$server" 1
	record classic 'a whole zone over TCP' kdig knotd
	client kdig $ask example AXFR
	client kdig $ask +edns +nsid example AXFR
	finish
}

knot_dyn() {
	serve_knot "$server" 1 <<-EOF
		key:
		  - id: $tsig_name
		    algorithm: hmac-sha256
		    secret: $tsig_secret
		acl:
		  - id: signed
		    key: $tsig_name
		    action: [ transfer, update ]
		  - id: neighbours
		    address: 192.0.2.0/24
		    action: [ transfer, update ]
		zone:
		  - domain: dyn.example.
		    file: $zones/dyn.zone
		    acl: [ $1 ]
	EOF
}

theme_knot_update() {
	knot_dyn neighbours
	record classic 'UPDATE without signatures: additions, all forms of deletion (the SOA too, which stays), prerequisites that hold and that do not' \
		nsupdate knotd
	client nsupdate "$zones/add.update"
	client nsupdate "$zones/delete.update"
	maybe nsupdate "$zones/prerequisite.update"
	maybe nsupdate "$zones/refused.update"
	finish
}

theme_knot_update_tsig() {
	knot_dyn signed
	record classic 'UPDATE with TSIG; one with a wrong secret, one with a key the server lacks' \
		nsupdate knotd
	client nsupdate -y "$tsig" "$zones/add.update"
	client nsupdate -y "$tsig" "$zones/delete.update"
	maybe nsupdate -y "${tsig/bWVk/bWVl}" "$zones/add.update"
	maybe nsupdate -y "${tsig/meddle-test/no-such-key}" "$zones/add.update"
	finish
}

theme_knot_ixfr() {
	knot_dyn neighbours
	client nsupdate "$zones/add.update"
	client nsupdate "$zones/delete.update"
	record classic 'what changed since a serial: over TCP, over UDP, from the newest serial, and from one that is not known' \
		'dig kdig' knotd
	client dig $ask dyn.example IXFR=100
	client dig $ask +notcp dyn.example IXFR=100
	client dig $ask dyn.example IXFR=102
	client kdig $ask dyn.example IXFR=7
	finish
}

theme_knot_notify() {
	serve_knot "$server" 1 <<-EOF
		remote:
		  - id: secondary
		    address: 192.0.2.3
		    via: 192.0.2.1
		acl:
		  - id: neighbours
		    address: 192.0.2.0/24
		    action: [ transfer, update ]
		zone:
		  - domain: dyn.example.
		    file: $zones/dyn.zone
		    notify: secondary
		    acl: neighbours
	EOF
	record classic 'a secondary starts with AXFR; after each change NOTIFY, SOA and IXFR' \
		'knotd nsd nsupdate' 'nsd knotd'
	serve_nsd "$client" 3 <<-EOF
		zone:
		    name: dyn.example
		    zonefile: dyn.zone
		    request-xfr: 192.0.2.1 NOKEY
		    allow-notify: 192.0.2.1 NOKEY
		    outgoing-interface: 192.0.2.3
	EOF
	until_true secondary_has 100
	client nsupdate "$zones/add.update"
	until_true secondary_has 101
	client nsupdate "$zones/delete.update"
	until_true secondary_has 102
	finish
}

secondary_has() { # SERIAL, asked from itself so that the capture does not see it
	ip netns exec "$client" dig +short +time=1 +tries=1 @192.0.2.3 dyn.example SOA | grep -q " $1 "
}

nsd_example() { # more options from standard input
	serve_nsd "$server" 1 <<-EOF
		server:
		$(cat)
		key:
		    name: "$tsig_name"
		    algorithm: hmac-sha256
		    secret: "$tsig_secret"
		zone:
		    name: example
		    zonefile: $zones/example.zone
		    provide-xfr: 192.0.2.0/24 $tsig_name
		zone:
		    name: 2.0.192.in-addr.arpa
		    zonefile: $zones/reverse.zone
	EOF
}

theme_nsd_basic() {
	nsd_example </dev/null
	record cooked 'answers, wildcard, delegation, NXDOMAIN, CHAOS' 'dig kdig' nsd
	client dig $ask www.example A www.example AAAA -x 192.0.2.80 any.wild.example A
	client dig $ask host.sub.example A nothing.example A ftp.example AAAA example NS
	client kdig $ask example SOA example MX text.example TXT
	client dig $ask version.bind CH TXT id.server CH TXT
	finish
}

theme_nsd_axfr() {
	nsd_example </dev/null
	record classic 'a whole zone over TCP, signed with TSIG; and refused without' 'dig kdig' nsd
	client dig $ask -y "$tsig" example AXFR
	client kdig $ask -y "$tsig" example AXFR
	maybe dig $ask example AXFR
	finish
}

theme_nsd_cookie() {
	serve_nsd "$server" 1 <<-EOF
		server:
		    answer-cookie: yes
		    cookie-secret: 000102030405060708090a0b0c0d0e0f
		zone:
		    name: example
		    zonefile: $zones/example.zone
	EOF
	record pcapng 'cookies: the first, the one learned, one that is wrong' 'dig kdig' nsd
	client dig $ask +cookie www.example A
	client dig $ask +cookie=0011223344556677 www.example A
	client dig $ask +cookie=0011223344556677010000006553f1000123456789abcdef www.example A
	client kdig $ask +cookie www.example AAAA
	finish
}

theme_unbound_recursive() {
	knot_root
	serve_nsd "$client" 4 <<-EOF
		server:
		    ip-address: 192.0.2.5
		zone:
		    name: example
		    zonefile: $zones/example.zone
	EOF
	serve_unbound "$server" 1 <<<'    use-caps-for-id: yes'
	record cooked 'a resolver asks its way down from the root; both sides of it, minimised names, mixed case' \
		'dig unbound' 'unbound knotd nsd'
	client dig $ask www.example A
	client dig $ask www.example A mail.example A ftp.example AAAA example MX
	client dig $ask a.b.c.deep.example A nothing.example A x.nothing.example A
	client dig $ask +dnssec text.example TXT
	finish
}

knot_root() {
	serve_knot "$client" 3 <<-EOF
		zone:
		  - domain: .
		    file: $zones/root.zone
	EOF
}

knot_signed() { # signs when it starts, with keys made then; leaves the trust anchor in $tmp/anchor
	serve_knot "$client" 3 <<-EOF
		policy:
		  - id: small
		    algorithm: ecdsap256sha256
		    nsec3: $1
		zone:
		  - domain: signed.example.
		    file: $zones/signed.zone
		    dnssec-signing: on
		    dnssec-policy: small
	EOF
	keymgr -c "$tmp/knot-3/conf" signed.example. ds | head -n 1 >"$tmp/anchor"
}

unbound_stub() { # unbound_stub ANCHOR
	serve_unbound "$server" 1 <<-EOF
		    trust-anchor-file: "$1"
		stub-zone:
		    name: signed.example
		    stub-addr: 192.0.2.3
	EOF
}

theme_unbound_dnssec() {
	knot_signed off
	unbound_stub "$tmp/anchor"
	record classic 'validation: DNSKEY, RRSIG, NSEC; answers with AD, with DO and without' \
		'dig unbound' 'unbound knotd'
	client dig $ask +dnssec www.signed.example A www.signed.example AAAA
	client dig $ask +dnssec nothing.signed.example A any.wild.signed.example A
	client dig $ask www.signed.example TXT alias.signed.example A +cdflag mail.signed.example A
	finish
}

theme_unbound_bogus() {
	knot_signed off
	awk '{ $NF = "00" substr($NF, 3); print }' "$tmp/anchor" >"$tmp/wrong-anchor"
	unbound_stub "$tmp/wrong-anchor"
	record classic 'validation fails: SERVFAIL, extended error, and the data for who sets CD' \
		'dig unbound' 'unbound knotd'
	client dig $ask +dnssec www.signed.example A
	client dig $ask +dnssec +cdflag www.signed.example A
	finish
}

named_example() { # named_example [OPTIONS], and more zones from standard input
	serve_named "$server" 1 "${1:-}" <<-EOF
		zone "example" {
			type primary;
			file "$zones/example.zone";
			allow-transfer { 192.0.2.0/24; };
		};
		$(cat)
	EOF
}

theme_bind9_basic() {
	named_example </dev/null
	record classic 'answers, glue, wildcard, delegation, DNAME, NXDOMAIN, CHAOS' dig named
	client dig $ask www.example A www.example AAAA ftp.example A any.wild.example A
	client dig $ask host.sub.example A x.www.old.example A nothing.example A c.deep.example A
	client dig $ask example MX example NS example SOA example ANY _sip._udp.example SRV
	client dig $ask version.bind CH TXT id.server CH TXT
	finish
}

theme_bind9_axfr() {
	big_zone >"$tmp/big.zone"
	named_example 'transfer-message-size 4096;' <<-EOF
		zone "big.example" { type primary; file "$tmp/big.zone"; allow-transfer { any; }; };
	EOF
	record classic 'whole zones over TCP, in one message and in many' dig named
	client dig $ask example AXFR
	client dig $ask big.example AXFR
	maybe dig $ask -y "$tsig" example AXFR
	finish
}

theme_bind9_notify() {
	cp "$zones/dyn.zone" "$tmp/dyn.zone"
	rm -f "$tmp/dyn.zone.jnl"
	serve_knot "$client" 3 <<-EOF
		remote:
		  - id: primary
		    address: 192.0.2.1
		    via: 192.0.2.3
		acl:
		  - id: primary
		    address: 192.0.2.1
		    action: notify
		zone:
		  - domain: dyn.example.
		    master: primary
		    acl: primary
	EOF
	named_example 'notify-delay 0;' <<-EOF
		zone "dyn.example" {
			type primary;
			file "$tmp/dyn.zone";
			notify explicit;
			also-notify { 192.0.2.3; };
			allow-update { 192.0.2.2; };
			allow-transfer { 192.0.2.3; };
		};
	EOF
	until_true secondary_has 100
	record classic 'after each change NOTIFY over UDP, SOA over UDP and IXFR over TCP' \
		'nsupdate named knotd' 'named knotd'
	client nsupdate "$zones/add.update"
	until_true secondary_has 101
	client nsupdate "$zones/delete.update"
	until_true secondary_has 102
	finish
}

theme_bind9_cookie() {
	named_example 'require-server-cookie yes;' </dev/null
	record classic 'BADCOOKIE, and the same question again with the cookie that came with it' \
		dig named
	client dig $ask www.example A
	client dig $ask +badcookie +cookie=0011223344556677 www.example A
	maybe dig $ask +nobadcookie +cookie=0011223344556677010000006553f1000123456789abcdef www.example A
	finish
}

theme_bind9_update_tsig() {
	cp "$zones/dyn.zone" "$tmp/dyn.zone"
	rm -f "$tmp/dyn.zone.jnl"
	named_example <<-EOF
		zone "dyn.example" {
			type primary;
			file "$tmp/dyn.zone";
			allow-update { key "$tsig_name"; };
		};
	EOF
	record classic 'UPDATE with TSIG over UDP and TCP; with a wrong secret, an unknown key, no key' \
		nsupdate named
	client nsupdate -y "$tsig" "$zones/add.update"
	client nsupdate -v -y "$tsig" "$zones/delete.update"
	maybe nsupdate -y "${tsig/bWVk/bWVl}" "$zones/add.update"
	maybe nsupdate -y "${tsig/meddle-test/no-such-key}" "$zones/add.update"
	maybe nsupdate "$zones/add.update"
	finish
}

theme_bind9_nsec3() {
	(cd "$tmp" && sign_nsec3) >/dev/null 2>&1
	named_example <<-EOF
		zone "signed.example" { type primary; file "$tmp/signed.zone.signed"; };
	EOF
	record classic 'a zone with NSEC3: closest encloser, wildcard, no data, DNSKEY, NSEC3PARAM' \
		dig named
	client dig $ask +dnssec signed.example DNSKEY signed.example NSEC3PARAM
	client dig $ask +dnssec www.signed.example A nothing.signed.example A
	client dig $ask +dnssec any.wild.signed.example A any.wild.signed.example MX
	client dig $ask +dnssec www.signed.example TXT
	finish
}

sign_nsec3() {
	cp "$zones/signed.zone" .
	dnssec-keygen -a ECDSAP256SHA256 -f KSK signed.example
	dnssec-keygen -a ECDSAP256SHA256 signed.example
	dnssec-signzone -S -3 aabbccdd -H 5 -o signed.example signed.zone
}

theme_tcp() {
	knot_example "$server" 1
	record classic 'one question a connection; several, one after another; several at once' \
		'dig kdig dnsperf' knotd
	client dig $ask +tcp www.example A
	client dig $ask +tcp +keepopen www.example A www.example AAAA example MX nothing.example A
	client kdig $ask +tcp +keepopen www.example A ftp.example A example SOA
	printf 'www.example A\nexample MX\ntext.example TXT\nnothing.example A\n' >"$tmp/questions"
	client dnsperf -s 192.0.2.1 -m tcp -c 1 -T 1 -q 12 -n 5 -d "$tmp/questions"
	finish
}

theme_edns() {
	named_example </dev/null
	record pcapng 'options: NSID, client subnet, cookie, expire, keepalive, padding; sizes, DO, a flag and an option nobody knows' \
		'dig kdig' named
	client dig $ask +nsid www.example A
	client dig $ask +nocookie +subnet=198.51.100.0/24 www.example A
	client dig $ask +nocookie +subnet=2001:db8:1234::/48 www.example AAAA
	client dig $ask +nocookie +subnet=0/0 www.example A
	client dig $ask +expire example SOA
	client dig $ask +tcp +keepalive www.example A
	client dig $ask +padding=128 www.example A
	client dig $ask +bufsize=512 +dnssec www.example A
	client dig $ask +nocookie +ednsopt=65001:0123456789 +ednsflags=0x4000 www.example A
	client dig $ask +nsid +expire +subnet=198.51.100.7/32 +padding=256 example SOA
	client kdig $ask +edns +padding=64 +nsid +subnet=203.0.113.0/25 www.example A
	finish
}

theme_truncation() {
	big_zone >"$tmp/big.zone"
	serve_knot "$server" 1 <<-EOF
		zone:
		  - domain: big.example.
		    file: $tmp/big.zone
	EOF
	record classic 'answers that do not fit: TC over UDP, the same again over TCP' 'dig kdig' knotd
	client dig $ask +noedns txt4.big.example TXT
	client dig $ask +bufsize=1232 txt17.big.example TXT
	client dig $ask +bufsize=1232 +ignore txt17.big.example TXT
	client kdig $ask +noedns txt6.big.example TXT
	finish
}

theme_ipv6() {
	nsd_example </dev/null
	record classic 'UDP and TCP over IPv6' 'dig kdig' nsd
	client dig @2001:db8::1 www.example AAAA www.example A -x 192.0.2.80
	client dig @2001:db8::1 +tcp +nsid example SOA
	client kdig @2001:db8::1 +edns text.example TXT nothing.example AAAA
	finish
}

fragments() { # a server with answers larger than the cable takes
	big_zone >"$tmp/big.zone"
	named_example <<-EOF
		zone "big.example" { type primary; file "$tmp/big.zone"; };
	EOF
}

theme_fragments_ipv4() {
	fragments
	record classic 'answers of 1.4 to 3.6 KB in IPv4 fragments, at an MTU of 1500 and of 1280' dig named
	client dig $ask +bufsize=4096 +ignore txt6.big.example TXT
	client dig $ask +bufsize=4096 +ignore txt17.big.example TXT
	mtu 1280
	client dig $ask +bufsize=4096 +ignore txt6.big.example TXT
	client dig $ask +bufsize=4096 +ignore txt17.big.example TXT
	mtu 1500
	finish
}

theme_fragments_ipv6() {
	fragments
	record classic 'answers of 1.4 to 3.6 KB in IPv6 fragments' dig named
	client dig @2001:db8::1 +bufsize=4096 +ignore txt6.big.example TXT
	client dig @2001:db8::1 +bufsize=4096 +ignore txt17.big.example TXT
	mtu 1280
	client dig @2001:db8::1 +bufsize=4096 +ignore txt17.big.example TXT
	mtu 1500
	finish
}

theme_types() {
	named_example <<-EOF
		zone "types.example" { type primary; file "$zones/types.zone"; };
	EOF
	record pcapng 'one question for each record type that has a name, and one that has none' dig named
	awk '$1 !~ /[;@$.]/ && NF > 2 && $1 != "ds" || $2 == "DS" { print $1 ".types.example", $2 }' \
		"$zones/types.zone" >"$tmp/questions"
	client dig $ask +nocookie -f "$tmp/questions"
	finish
}

theme_cares() {
	if ! command -v node >/dev/null; then
		echo 'cares: left out, there is no node (its dns.Resolver is c-ares)' >&2
		return
	fi
	knot_example "$server" 1
	record nano 'a resolver library: its own order of questions, a first server that is not there' \
		c-ares knotd
	client node "$zones/cares.js"
	finish
}

theme_dnsperf() {
	nsd_example <<<'    minimal-responses: yes'
	local i
	for ((i = 0; i < 10; i++)); do
		printf '%s\n' 'www.example A' 'www.example AAAA' 'example MX' 'mail.example A' \
			"random$i.example A" "host$i.wild.example A" 'ftp.example A' \
			'_sip._udp.example SRV' 'text.example TXT' 'example SOA'
	done >"$tmp/questions"
	record cooked1 'two hundred questions from one port, up to ten open at once' dnsperf nsd
	client dnsperf -s 192.0.2.1 -c 1 -T 1 -q 10 -n 2 -d "$tmp/questions"
	finish
}

theme_errors() {
	named_example </dev/null
	record pcapng 'FORMERR, NOTIMP, REFUSED, NOTAUTH, BADVERS; malformed options; headers without a question' \
		'dig nsupdate' named
	maybe dig $ask +header-only
	maybe dig $ask +opcode=2 www.example A
	maybe dig $ask +opcode=15 www.example A
	maybe dig $ask www.example.org A
	maybe dig $ask www.example CH A www.example HS A
	maybe dig $ask +edns=1 +noednsnegotiation www.example A
	maybe dig $ask +edns=255 +noednsnegotiation www.example A
	maybe dig $ask +nocookie +ednsopt=10:0102 www.example A
	maybe dig $ask +nocookie +ednsopt=8:0001ff www.example A
	maybe dig $ask +tcp +header-only
	maybe dig $ask nothing.example TYPE65535
	maybe nsupdate "$zones/refused.update"
	maybe nsupdate "$zones/add.update"
	finish 4
}

theme_nobody() {
	record classic 'nobody listens: ICMP port unreachable, ICMPv6 the same, TCP reset' dig nobody
	maybe dig $ask +time=1 +tries=1 www.example A
	maybe dig $ask +tcp +time=1 +tries=1 www.example A
	maybe dig @2001:db8::1 +time=1 +tries=1 www.example A
	finish
}
