#!/bin/bash
# libmeddle is its inputs only: no sockets, clocks, files, threads, environment, chance, standard
# output or end of the process, and no variables that outlive a call.
#
#   purity_test.sh               checks the objects of core and protocols in $MEDDLE_BUILD
#   purity_test.sh --self-test   compiles impure objects, each of which must be found
set -eu

if [ -n "$MEDDLE_SANITIZE" ]; then
	echo "skipped: sanitizers bring symbols and variables of their own"
	exit 77
fi

network='socket|socketpair|connect|bind|listen|accept4?|shutdown|send.*|recv.*|[gs]etsockopt|getaddrinfo|gethostby.*|poll|ppoll|p?select|epoll_.*'
files='open.*|creat|read|pread|readv|write|pwrite|writev|close|lseek|f?stat|lstat|fstatat|stat[fx].*|access|unlink|rename|mkdir|opendir|readdir|mmap|ioctl|fcntl'
stdio='f(dopen|reopen|open|close|read|write|printf|puts|putc|gets|getc|scanf|flush)|vfprintf|v?printf|v?dprintf|puts|put(c|char)|perror|getline|tmpfile|mkstemp|stdin|stdout|stderr|v?syslog'
clocks='time|clock|clock_.*|gettimeofday|localtime(_r)?|gmtime|ctime|mktime|nanosleep|u?sleep|alarm|setitimer|timer.*'
chance='getrandom|getentropy|s?rand|rand_r|s?random|.rand48|arc4random.*|RAND_.*'
process='fork|vfork|clone|exec.*|posix_spawn.*|system|popen|wait|waitpid|kill|raise|signal|sigaction|_?exit|_Exit|quick_exit|atexit|abort|syscall|dl(open|sym)|getpid'
threads='pthread_.*|thrd_.*|mtx_.*|cnd_.*|call_once'
ambient='(secure_)?getenv|setenv|putenv|unsetenv|environ|setlocale|strtok|strerror|rand'
denied="^(__)?($network|$files|$stdio|$clocks|$chance|$process|$threads|$ambient)(64)?(_chk)?$"

# impure FILE...: one line a symbol that must not be, "object: name"; fails if there is any.
impure() {
	local found
	found=$(
		nm -A -u "$@" | sed 's/^[^:]*\///' | awk -v denied="$denied" \
			'$NF ~ denied { sub(/:? *$/, "", $1); print $1 " calls " $NF }'
		# names in sections that can be written, but for those the loader makes read-only
		objdump -t "$@" | awk -F'\t' '
			/:  *file format/ { object = $1; sub(/:.*/, "", object) }
			$1 ~ / (\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $1 !~ /\.data\.rel\.ro/ {
				split($2, word, " ")
				if (word[2] !~ /^\./)
					print object ": variable " word[2]
			}'
	)
	[ -z "$found" ] || echo "$found"
	[ -z "$found" ]
}

# plant NAME CODE: an object with that code must be found, by that name.
plant() {
	local said
	echo "$2" >"$tmp/planted.c"
	"${CC:-cc}" -w -O1 -fno-builtin -c -o "$tmp/planted.o" "$tmp/planted.c"
	if said=$(impure "$tmp/planted.o") || ! grep -qw -- "$1" <<<"$said"; then
		echo "not found: $1 in $2"
		exit 1
	fi
}

if [ "${1:-}" = --self-test ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	for name in socket sendmsg recvfrom open openat64 fopen fwrite write close stat time clock_gettime \
		getrandom srand getenv pthread_create fork execve printf __printf_chk puts exit abort; do
		plant "$name" "int $name(); int mdl_f(void) { return $name(); }"
	done
	plant stdout 'extern void *stdout; void *mdl_f(void) { return stdout; }'
	plant counter 'static int counter; int mdl_f(void) { return ++counter; }'
	plant level 'int level = 3;'
	plant shared 'int shared;'
	plant cache '_Thread_local int cache;'
	plant names 'static const char *names[] = { "a" }; const char **mdl_f(void) { return names; }'
	echo 'static const char *const names[] = { "a", 0 }; const char *mdl_f(unsigned i) { return names[i]; }' \
		>"$tmp/pure.c"
	"${CC:-cc}" -fPIC -c -o "$tmp/pure.o" "$tmp/pure.c"
	impure "$tmp/pure.o"
	echo "all planted objects were found, the pure one was let through"
else
	impure "$MEDDLE_BUILD/core/libmdl_core.a" "$MEDDLE_BUILD/protocols/libmdl_protocols.a"
fi
