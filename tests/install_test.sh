#!/bin/bash
# What `cmake --install` leaves is a program with its pages and completions, and a library that others
# can build on: headers that stand alone, flags from pkg-config, shared and static, no symbol but ours.
set -eu

if [ -n "$MEDDLE_SANITIZE" ]; then
	echo "skipped: who links a sanitized library needs the sanitizer, too"
	exit 77
fi
if ! command -v pkg-config >/dev/null; then
	echo "skipped: pkg-config is not installed"
	exit 77
fi

fail() {
	echo "$*"
	exit 1
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cmake --install "$MEDDLE_BUILD" --prefix "$tmp/usr" >"$tmp/log" || fail "$(cat "$tmp/log")"

# The install moved after it was made: nothing in it may say where it was.
mv "$tmp/usr" "$tmp/moved"
PKG_CONFIG_PATH=$(dirname "$(find "$tmp/moved" -name meddle.pc)")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir meddle)
read -ra cflags < <(pkg-config --cflags meddle)
compile=("${CC:-cc}" -std=c17 -Wall -Wextra -Wpedantic -Werror "${cflags[@]}")

# The program runs from there, every page is there and can be found, and shells complete.
"$tmp/moved/bin/meddle" version >/dev/null || fail "the installed meddle does not run"
for page in "$MEDDLE_SOURCE"/docs/man/*.[1-8]; do
	cmp "$page" "$tmp/moved/share/man/man${page##*.}/${page##*/}" || fail "${page##*/} is not installed"
done
for command in $("$tmp/moved/bin/meddle" list commands | awk 'NR > 1 { print $1 }'); do
	for file in bash-completion/completions/meddle zsh/site-functions/_meddle \
		fish/vendor_completions.d/meddle.fish; do
		grep -qw "$command" "$tmp/moved/share/$file" || fail "$file does not complete $command"
	done
done

# Each header alone and twice, then all together, without _GNU_SOURCE.
headers=$(cd "$tmp/moved/include" && find meddle -name '*.h' | sort)
for room in core protocols; do
	for header in "$MEDDLE_SOURCE/$room"/*.h; do
		grep -qx "meddle/$room/${header##*/}" <<<"$headers" || fail "$room/${header##*/} is not installed"
	done
done
for header in $headers; do
	printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$tmp/header.c"
	"${compile[@]}" -fsyntax-only "$tmp/header.c"
	echo "#include <$header>" >>"$tmp/all.c"
done
"${compile[@]}" -fsyntax-only "$tmp/all.c"

cat >"$tmp/consumer.c" <<'END'
#include <meddle/core/addr.h>
#include <meddle/core/rng.h>
#include <meddle/core/tracefmt.h>
#include <meddle/protocols/registry.h>
#include <stdio.h>

static int print_fields(const struct mdl_fields *f, struct mdl_slice msg)
{
	struct mdl_buf path;
	mdl_err err = MDL_OK;
	mdl_buf_init(&path, 1024);
	for (uint32_t i = 0; err == MDL_OK && i < f->n; i++) {
		mdl_buf_cut(&path, 0);
		err = mdl_field_path(f, i, &path);
		printf("%s: %zu bytes\n", mdl_buf_text(&path), mdl_field_bytes(f, msg, i).n);
	}
	mdl_buf_fini(&path);
	return err == MDL_OK ? 0 : 1;
}

int main(void)
{
	struct mdl_addr a;
	struct mdl_why why;
	struct mdl_ctx *x;
	struct mdl_fields f;
	struct mdl_slice msg = MDL_LIT("five!");
	if (mdl_addr_parse("udp://[::1]:53", &a, &why) != MDL_OK)
		return 1;
	printf("%s %s %u\n", mdl_scheme_text(a.scheme), a.host, a.port);
	if (mdl_ctx_new(mdl_protocol_find("raw"), MDL_DGRAM, NULL, &x, &why) != MDL_OK)
		return 1;
	mdl_fields_init(&f);
	int rc = mdl_dissect(x, msg, &f) == MDL_OK ? print_fields(&f, msg) : 1;
	mdl_fields_fini(&f);
	mdl_ctx_free(x);
	return rc;
}
END
expected=$'udp ::1 53\nraw.data: 5 bytes'

read -ra libs < <(pkg-config --libs meddle)
"${compile[@]}" -o "$tmp/shared" "$tmp/consumer.c" "${libs[@]}"
said=$(LD_LIBRARY_PATH=$libdir "$tmp/shared")
[ "$said" = "$expected" ] || fail "the shared library says: $said"
ldd "$tmp/shared" | grep -q libmeddle || fail "the shared library was not linked"

read -ra libs < <(pkg-config --static --libs meddle)
"${compile[@]}" -o "$tmp/static" "$tmp/consumer.c" "${libs[@]/#-lmeddle/-l:libmeddle.a}"
said=$("$tmp/static")
[ "$said" = "$expected" ] || fail "the static library says: $said"
! ldd "$tmp/static" | grep -q libmeddle || fail "the static library was not linked"

for names in "nm -D --defined-only $libdir/libmeddle.so" "nm -g --defined-only $libdir/libmeddle.a"; do
	others=$($names | awk 'NF == 3 && $3 !~ /^mdl_/ { print $3 }')
	[ -z "$others" ] || fail "$names: symbols that are not ours: $others"
	[ "$($names | grep -c ' mdl_')" -gt 100 ] || fail "$names: hardly any symbols"
done
