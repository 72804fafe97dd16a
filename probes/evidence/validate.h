/* validate.h - whether a validator accepts what a zone's own servers answer, where the resolver leaves that open. Pure.
 *
 * Servers do not check signatures; the resolver does, and where it refuses an answer for them, that decides. But a
 * resolver that is still busy with a silent server when the check's patience ends, or fails for another reason, has not
 * said whether it would accept the answer. The chain of signatures (chain.h) is then read from the servers themselves:
 * keys and answers from each zone's servers, a DS record from those of the zone above, and what lies above the
 * registrable domain from the resolver. */
#ifndef DCV_VALIDATE_H
#define DCV_VALIDATE_H

#include "evidence/chain.h"
#include "evidence/zone.h"

/* True where the resolver's lookup failed, and neither checking disabled nor an extended error says whether for
 * signatures. */
bool resolver_leaves_open(const struct lookup *ours);

/* Follows the chain of the answer for name and type as the zones' servers give it, and asks what is missing through the
 * asker of z. fault->kind is CHAIN_NO_FAULT as long as nothing wrong is known. The texts are in the arena of z. 0 or
 * -ENOMEM. */
int validate_at_servers(struct zones *z, const char *name, uint16_t type, struct chain *chain,
                        struct chain_fault *fault);

#endif
