#include "core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "core/text.h"

struct mdl_inet mdl_inet4(const uint8_t ip[4], uint16_t port)
{
	struct mdl_inet a = { .family = 4, .port = port };
	memcpy(a.ip, ip, 4);
	return a;
}

struct mdl_inet mdl_inet6(const uint8_t ip[16], uint16_t port)
{
	struct mdl_inet a = { .family = 6, .port = port };
	memcpy(a.ip, ip, 16);
	return a;
}

bool mdl_inet_eq(const struct mdl_inet *a, const struct mdl_inet *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool mdl_inet_loopback(const struct mdl_inet *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	return (a->family == 4 && a->ip[0] == 127) ||
	       (a->family == 6 && memcmp(a->ip, one, 16) == 0);
}

const char *mdl_inet_text(const struct mdl_inet *a, char out[MDL_INET_TEXT])
{
	char ip[INET6_ADDRSTRLEN];
	if (a->family == 4 && inet_ntop(AF_INET, a->ip, ip, sizeof(ip)) != NULL)
		snprintf(out, MDL_INET_TEXT, "%s:%u", ip, a->port);
	else if (a->family == 6 && inet_ntop(AF_INET6, a->ip, ip, sizeof(ip)) != NULL)
		snprintf(out, MDL_INET_TEXT, "[%s]:%u", ip, a->port);
	else
		snprintf(out, MDL_INET_TEXT, "-");
	return out;
}

/* Names and addresses, with the zone of fe80::1%eth0. */
static bool host_ok(struct mdl_slice host, bool brackets)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._%:";
	for (size_t i = 0; i < host.n; i++)
		if (strchr(letters, host.p[i]) == NULL)
			return false;
	return !brackets || memchr(host.p, ':', host.n) != NULL;
}

/* Splits "host:port", "[v6]:port", "host" and a bare IPv6 address. */
static mdl_err split_port(const char *text, char *host, size_t size, uint16_t *port)
{
	const char *end, *colon;
	bool brackets = *text == '[';
	*port = 0;
	if (brackets) {
		end = strchr(++text, ']');
		if (end == NULL || (end[1] != 0 && end[1] != ':'))
			return MDL_EINVAL;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			colon = NULL; /* a bare IPv6 address has no port */
		end = colon == NULL ? text + strlen(text) : colon;
	}
	struct mdl_slice name = mdl_slice(text, (size_t)(end - text));
	if (name.n >= size || !host_ok(name, brackets))
		return MDL_EINVAL;
	memcpy(host, name.p, name.n);
	host[name.n] = 0;
	uint64_t v = 0;
	if (colon != NULL && (mdl_uint_parse(colon + 1, &v) != MDL_OK || v > UINT16_MAX))
		return MDL_EINVAL;
	*port = (uint16_t)v;
	return MDL_OK;
}

static mdl_err numeric(const char *host, uint16_t port, struct mdl_inet *out)
{
	uint8_t ip[16];
	if (inet_pton(AF_INET, host, ip) == 1)
		*out = mdl_inet4(ip, port);
	else if (inet_pton(AF_INET6, host, ip) == 1)
		*out = mdl_inet6(ip, port);
	else
		return MDL_EINVAL;
	return MDL_OK;
}

mdl_err mdl_inet_parse(const char *text, struct mdl_inet *out)
{
	char host[MDL_INET_TEXT];
	uint16_t port;
	*out = (struct mdl_inet){ 0 };
	if (strcmp(text, "-") == 0)
		return MDL_OK;
	mdl_err err = split_port(text, host, sizeof(host), &port);
	return err == MDL_OK ? numeric(host, port, out) : err;
}

static const char *const scheme_texts[] = {
#define X(name, text) [MDL_##name] = text,
	MDL_SCHEME_MAP(X)
#undef X
};

const char *mdl_scheme_text(enum mdl_scheme s)
{
	return scheme_texts[s];
}

/* Finds the scheme before the first ':' if it is one of ours; `rest` is what follows the colon. */
static bool find_scheme(const char *text, enum mdl_scheme *scheme, const char **rest)
{
	for (size_t i = MDL_UDP; i < MDL_COUNT(scheme_texts); i++) {
		size_t n = strlen(scheme_texts[i]);
		if (strncmp(text, scheme_texts[i], n) == 0 && text[n] == ':') {
			*scheme = (enum mdl_scheme)i;
			*rest = text + n + 1;
			return true;
		}
	}
	return false;
}

static mdl_err parse_path(const char *text, const char *rest, struct mdl_addr *out,
			  struct mdl_why *why)
{
	while (out->scheme == MDL_UNIX && strncmp(rest, "//", 2) == 0)
		rest++; /* unix:///run/x.sock */
	if (*rest == 0)
		return mdl_fail(why, MDL_EINVAL, "%.100s: nothing follows the colon", text);
	if (strlen(rest) >= sizeof(out->path))
		return mdl_fail(why, MDL_EINVAL, "%.40s...: longer than %zu bytes", text,
				sizeof(out->path) - 1);
	memcpy(out->path, rest, strlen(rest) + 1);
	return MDL_OK;
}

mdl_err mdl_addr_parse(const char *text, struct mdl_addr *out, struct mdl_why *why)
{
	const char *rest = text;
	*out = (struct mdl_addr){ .scheme = MDL_ANY };
	if (find_scheme(text, &out->scheme, &rest)) {
		if (out->scheme == MDL_UNIX || out->scheme == MDL_EXEC)
			return parse_path(text, rest, out, why);
		if (strncmp(rest, "//", 2) != 0)
			return mdl_fail(why, MDL_EINVAL, "%.100s: expected %s://HOST:PORT", text,
					mdl_scheme_text(out->scheme));
		rest += 2;
	} else if (strstr(text, "://") != NULL)
		return mdl_fail(
			why, MDL_EINVAL,
			"%.100s: unknown scheme; known are udp:// tcp:// tls:// unix: exec:", text);
	if (split_port(rest, out->host, sizeof(out->host), &out->port) != MDL_OK)
		return mdl_fail(
			why, MDL_EINVAL,
			"%.100s: expected HOST:PORT, an IPv6 host in brackets, a port up to 65535",
			text);
	if (out->host[0] == 0)
		return mdl_fail(why, MDL_EINVAL, "%s: no host", text);
	return MDL_OK;
}

mdl_err mdl_addr_text(const struct mdl_addr *a, struct mdl_buf *out)
{
	const char *scheme = mdl_scheme_text(a->scheme);
	if (a->scheme == MDL_UNIX || a->scheme == MDL_EXEC)
		return mdl_buf_printf(out, "%s:%s", scheme, a->path);
	bool v6 = strchr(a->host, ':') != NULL;
	mdl_err err = mdl_buf_printf(out, "%s%s%s%s%s", scheme, a->scheme == MDL_ANY ? "" : "://",
				     v6 ? "[" : "", a->host, v6 ? "]" : "");
	return err == MDL_OK && a->port != 0 ? mdl_buf_printf(out, ":%u", a->port) : err;
}

mdl_err mdl_addr_inet(const struct mdl_addr *a, struct mdl_inet *out)
{
	const char *host = strcmp(a->host, "localhost") == 0 ? "127.0.0.1" : a->host;
	return numeric(host, a->port, out);
}
