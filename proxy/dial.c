#include "proxy/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "proxy/end_stream.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"

mdl_err resolve(const struct mdl_addr *a, struct mdl_inet *out, struct mdl_why *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list;
	if (mdl_addr_inet(a, out) == MDL_OK)
		return MDL_OK;
	int code = getaddrinfo(a->host, NULL, &hints, &list);
	if (code != 0)
		return mdl_fail(why, MDL_ENOTFOUND, "%s: %s", a->host, gai_strerror(code));
	union sock_addr sa = { 0 };
	memcpy(&sa, list->ai_addr, list->ai_addrlen < sizeof(sa) ? list->ai_addrlen : sizeof(sa));
	freeaddrinfo(list);
	*out = sock_to_inet(&sa);
	out->port = a->port;
	return MDL_OK;
}

mdl_err dial(struct loop *l, const struct mdl_addr *to, struct end **out, struct mdl_why *why)
{
	struct mdl_inet inet;
	if (to->scheme == MDL_UNIX)
		return end_unix_connect(l, to->path, out, why);
	if (to->scheme != MDL_UDP && to->scheme != MDL_TCP)
		return mdl_fail(why, MDL_EUNSUPPORTED, "%s: can not be connected to here",
				mdl_scheme_text(to->scheme));
	mdl_err err = resolve(to, &inet, why);
	if (err != MDL_OK)
		return err;
	return to->scheme == MDL_UDP ? end_udp_connect(l, &inet, NULL, out, why)
				     : end_tcp_connect(l, &inet, NULL, out, why);
}
