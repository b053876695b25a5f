#!/bin/bash
# Command lines and configuration files with mistakes in them: what is wrong, and what would be right.
set -euo pipefail
. "$MEDDLE_SOURCE/tests/badinput/lib.sh"

cd "$work"
good=$captures/knot-basic.pcap
to=(--to 127.0.0.1:9)

# words
refused '"shwo" is no command; did you mean show?' shwo
refused '"xyzzy" is no command; see meddle help' xyzzy
refused '--cazes: no such option; did you mean --cases?' fuzz --cazes 5
refused '--xyzzy: no such option; see --help' show --xyzzy
refused '--protocol: "dnss" is not known' fuzz "$good" "${to[@]}" --out x --protocol dnss
refused '"foo" is no strategy, level or protocol' fuzz "$good" "${to[@]}" --out x --strategies foo
refused 'no topic "foo"' list foo

# values
refused '--for: expected a time as 250us, 20ms, 30s, 5m, 2h, not "5x"' fuzz "$good" --for 5x
refused '--cases: expected a number from 0, not "-5"' fuzz "$good" --cases -5
refused '--workers: expected a number from 0 to 64, not "1000"' fuzz "$good" --workers 1000
refused '--cases: expected N behind it' fuzz "$good" --cases
refused 'expected a speed as original, x10, 500/s or top, not "fast"' replay "$good" "${to[@]}" --speed fast
refused '--flow: there are only 18 conversations' replay "$good" "${to[@]}" --flow 19
refused 'dns.foo=1: expected PROTOCOL.OPTION=VALUE' fuzz "$good" "${to[@]}" --out x --set dns.foo=1
refused 'tsig-key' fuzz "$good" "${to[@]}" --out x --set dns.tsig-key=a:b:c

# addresses
refused 'foo://bar: unknown scheme; known are udp://' replay "$good" --to foo://bar
refused 'a port up to 65535' replay "$good" --to udp://127.0.0.1:99999
refused 'name.invalid: ' replay "$good" --to udp://name.invalid:53
refused 'none of the 18 conversations could be played: the target takes streams' \
	replay "$good" --to tcp://127.0.0.1:9
refused 'none of the 2 conversations could be played: the target takes datagrams' \
	replay "$captures/knot-axfr.pcap" --to udp://127.0.0.1:9
refused '/nothere.sock: No such file' replay "$captures/knot-axfr.pcap" --to unix:/nothere.sock
refused '192.0.2.77:53: Cannot assign requested address' replay "$good" --listen udp://192.0.2.77:53
refused 'expected udp, tcp or unix, not "exec"' replay "$good" --listen exec:cat

# what does not go together, or is missing
refused 'give a capture, a trace' show
refused 'give a capture or a trace' replay "${to[@]}"
refused 'give captures, traces or folders of them' fuzz "${to[@]}"
refused 'give the folder of a campaign' triage
refused 'either a server (--to, or a command behind --) or --listen' replay "$good"
refused 'either a server (--to, or a command behind --) or --listen' \
	replay "$good" "${to[@]}" --listen 127.0.0.1:0
refused 'nothing to fuzz: give an address with --to, or a command behind --' fuzz "$good" --out x
refused '--: expected a command behind it' fuzz "$good" --out x --
refused '--: expected a command behind it' replay "$good" --
refused '--resume: say with --out which campaign goes on' fuzz --resume "${to[@]}"
refused 'nothere: no campaign to resume' fuzz --resume --out nothere "${to[@]}"
refused 'they are for targets that meddle starts' fuzz "$good" "${to[@]}" --sandbox yes --out x
refused 'no finding.yaml in it; is it a finding' triage "$captures"
[[ ! -e x && ! -e nothere ]] || fail 'a mistake has left a folder'

# configuration files; each mistake with its place
config() { # config TEXT: then the mistake that is found in it is refused
	printf '%s\n' "$1" >conf.yaml
	refused "$2" fuzz "$good" "${to[@]}" --out x --config conf.yaml
}
refused 'nothere.yaml: No such file' fuzz "$good" --config nothere.yaml
config 'casess: 5' 'conf.yaml:1:1: '
config 'casess: 5' 'did you mean cases?'
config $'seed: 1\ncases: many' 'conf.yaml:2:'
config $'seed: 1\n\tcases: 5' 'conf.yaml:2'
config 'config: other.yaml' 'a file cannot name another'
config '[ 1, 2 ]' 'conf.yaml:1'
config 'cases: { a: 1 }' 'conf.yaml:1'
config $'for: 5x' 'conf.yaml:1'
config "$(head -c 3000 /dev/urandom | tr -d '\0')" 'conf.yaml:'
config "$(printf '[%.0s' {1..100000})" 'conf.yaml:'
{ echo 'a: &a [x,x,x,x,x,x,x,x,x]' && for i in {b..i}; do echo "$i: &$i [*a,*a,*a,*a,*a,*a,*a,*a,*a]"; done; } >conf.yaml
refused 'conf.yaml:' fuzz "$good" "${to[@]}" --config conf.yaml
[[ ! -e x ]] || fail 'a mistake has left a folder'
