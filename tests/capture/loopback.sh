#!/bin/sh
# What real programs say to each other, captured with tcpdump on all interfaces of a network of our
# own, is what tshark reads.
. "$MEDDLE_SOURCE/tests/capture/lib.sh"
need unshare tcpdump tshark dnsmasq dig
[ "$(id -u)" = 0 ] || { echo "skipped: a network of our own needs root"; exit 77; }

cat > "$work/inside.sh" << 'END'
ip link set lo up
dnsmasq --keep-in-foreground --no-daemon --no-hosts --no-resolv --pid-file= --user=root --group=root \
	--port=5353 --listen-address=127.0.0.1,::1 --bind-interfaces --conf-file=/dev/null \
	--address=/example.com/192.0.2.1 --txt-record=long.example.com,"$(printf '%0200d' 0)" \
	2> dnsmasq.log &
server=$!
tcpdump -i any -U -w any.pcap port 5353 2> tcpdump.log &
capture=$!
tries=0
until grep -q "listening on" tcpdump.log && dig +short +tries=1 +time=1 -p 5353 @127.0.0.1 ready.example.com > /dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 50 ] || { cat tcpdump.log dnsmasq.log >&2; kill $capture $server; exit 1; }
done
for name in a.example.com long.example.com; do
	dig +short -p 5353 @127.0.0.1 $name txt > /dev/null
	dig +short -p 5353 @::1 $name > /dev/null
	dig +short +tcp -p 5353 @127.0.0.1 $name txt > /dev/null
	dig +short +tcp -p 5353 @::1 $name > /dev/null
done
# the last packets are in the file once a packet sent after them is
tries=0
until tshark -r any.pcap -Y 'dns.qry.name == "done.example.com"' 2> /dev/null | grep -q done; do
	dig +short +tries=1 +time=1 -p 5353 @127.0.0.1 done.example.com > /dev/null
	tries=$((tries + 1))
	[ $tries -lt 50 ] || break
done
kill $capture $server
wait $capture $server
exit 0
END
(cd "$work" && unshare -n sh inside.sh) || { echo "skipped: dnsmasq or tcpdump do not run here"; exit 77; }

dump "$work/any.pcap" "$work/dump"
tshark -r "$work/any.pcap" -Y udp -T fields -e udp.payload 2> /dev/null | sort > "$work/expected"
tshark -r "$work/any.pcap" -Y 'tcp.len > 0' -T fields -e tcp.payload 2> /dev/null | sort >> "$work/expected"
sort "$work/expected" -o "$work/expected"
awk '{ print $5 }' "$work/dump" | sort > "$work/got"
[ -s "$work/expected" ] || fail "tshark found nothing"
cmp "$work/expected" "$work/got" || fail "tshark reads something else"
grep -q "lost\|malformed" "$work/dump.said" && fail "nothing is missing here: $(cat "$work/dump.said")"
written_again "$work/any.pcap"
