#!/bin/bash
# What we make, edit and repair must be DNS to others too: tshark reads every message that
# dns_rdata_test makes and may find nothing malformed in it.
set -eu

for tool in tshark text2pcap; do
	command -v $tool > /dev/null || { echo "skipped: no $tool"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$MEDDLE_BUILD/tests/dns_rdata_test" dump > "$dir/messages"
made=$(grep -c '^000000' "$dir/messages")
text2pcap -q -u 53,53000 "$dir/messages" "$dir/messages.pcap" > /dev/null 2>&1

# Types that this tshark does not know and ids that come again are no fault of the message.
tshark -r "$dir/messages.pcap" -Y _ws.expert -T fields -e frame.number -e dns.resp.type \
	-e _ws.expert.message 2> "$dir/err" |
	grep -v -e 'not implemented' -e 'retransmission' > "$dir/odd" || true
read=$(tshark -r "$dir/messages.pcap" -Y dns 2> "$dir/err" | wc -l)

echo "$made messages made, $read read as DNS, $(wc -l < "$dir/odd") odd"
head -n 20 "$dir/odd"
[ "$made" -gt 1000 ] && [ "$made" -eq "$read" ] && [ ! -s "$dir/odd" ]
