/*
 * Messages are read up to the end of the receive buffer instead of their own, and the buffer still
 * holds what came before, from whomever. A message that is cut short is completed with it.
 */
#include "behaviour.h"
#include "bugs.h"

#include <string.h>

static uint8_t buffer[65535];

static bool receive(struct request *q, const uint8_t *p, size_t n)
{
	memcpy(buffer, p, n);
	q->p = buffer;
	q->n = n;
	q->room = sizeof(buffer);
	return true;
}

static void release(struct request *q)
{
	q->p = NULL;
}

void plant_wrong_length(void)
{
	act.receive = receive;
	act.release = release;
}
