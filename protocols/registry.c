#include "protocols/registry.h"

static const struct mdl_protocol *const all[] = { &mdl_raw, &mdl_ip, &mdl_dns, NULL };

const struct mdl_protocol *const *mdl_protocols(void)
{
	return all;
}

const struct mdl_protocol *mdl_protocol_find(const char *name)
{
	for (size_t i = 0; all[i] != NULL; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

static bool has_port(const struct mdl_protocol *p, uint16_t port)
{
	for (const uint16_t *v = p->ports; v != NULL && *v != 0; v++)
		if (*v == port)
			return true;
	return false;
}

const struct mdl_protocol *mdl_protocol_by_port(enum mdl_carrier on, uint16_t port)
{
	for (size_t i = 0; all[i] != NULL; i++)
		if ((all[i]->carriers & on) != 0 && has_port(all[i], port))
			return all[i];
	return NULL;
}

const struct mdl_protocol *mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
					      unsigned least)
{
	const struct mdl_protocol *best = &mdl_raw;
	for (size_t i = 0; all[i] != NULL; i++) {
		bool carried = (all[i]->carriers & on) != 0 && all[i]->guess != NULL;
		unsigned sure = carried ? all[i]->guess(on, first) : 0;
		if (sure > 0 && sure >= least) {
			best = all[i];
			least = sure + 1;
		}
	}
	return best;
}
