#include "replay/sockdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

struct asking {
	void (*fn)(void *ctx, unsigned long inode, const struct mdl_inet *at);
	void *ctx;
};

static int on_socket(struct nl_msg *msg, void *ctx)
{
	const struct asking *a = ctx;
	const struct nlmsghdr *h = nlmsg_hdr(msg);
	if (nlmsg_datalen(h) < (int)sizeof(struct inet_diag_msg))
		return NL_OK;
	const struct inet_diag_msg *m = nlmsg_data(h);
	const uint8_t *ip = (const uint8_t *)m->id.idiag_src;
	uint16_t port = ntohs(m->id.idiag_sport);
	struct mdl_inet at = m->idiag_family == AF_INET ? mdl_inet4(ip, port) : mdl_inet6(ip, port);
	a->fn(a->ctx, m->idiag_inode, &at);
	return NL_OK;
}

static bool ask(struct nl_sock *s, unsigned char family, enum mdl_carrier carrier)
{
	struct inet_diag_req_v2 req = {
		.sdiag_family = family,
		.sdiag_protocol = carrier == MDL_STREAM ? IPPROTO_TCP : IPPROTO_UDP,
		/* what UDP calls closed is a socket without a peer */
		.idiag_states = 1U << (carrier == MDL_STREAM ? TCP_LISTEN : TCP_CLOSE),
	};
	return nl_send_simple(s, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req)) >= 0 &&
	       nl_recvmsgs_default(s) >= 0;
}

bool sockdiag_each(enum mdl_carrier carrier,
		   void (*fn)(void *ctx, unsigned long inode, const struct mdl_inet *at), void *ctx)
{
	struct asking a = { fn, ctx };
	struct nl_sock *s = nl_socket_alloc();
	if (s == NULL)
		return false;
	bool ok = nl_socket_modify_cb(s, NL_CB_VALID, NL_CB_CUSTOM, on_socket, &a) == 0 &&
		  nl_connect(s, NETLINK_SOCK_DIAG) == 0 && ask(s, AF_INET, carrier) &&
		  ask(s, AF_INET6, carrier);
	nl_socket_free(s);
	return ok;
}
