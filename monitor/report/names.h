/* Names of addresses and reasons, as events and reports show them. */
#ifndef UTWATCH_REPORT_NAMES_H
#define UTWATCH_REPORT_NAMES_H

#include "base/text.h"
#include "tls/observation.h"

/* Why something was not observable, as a clause of a sentence; by the index of the bit in enum unobserved. */
const char *reason_words(unsigned bit_index);

void text_address(struct text *out, const struct endpoint *end); /* without the port */
extern const char text_behind_header[];                          /* of a UE that a PROXY header names */
extern const char csv_named_by_header[];                         /* in a cell of its own */
void text_ue(struct text *out, const struct endpoint *ue);   /* with a word where only a header tells it */
void text_end(struct text *out, const struct endpoint *end); /* 192.0.2.1:443, [2001:db8::1]:443 */

/* A filter for Wireshark and tshark that selects what is between them; an end without a family is left out.
 * `blank`: what separates its words. */
void text_filter(struct text *out, const struct endpoint *client, const struct endpoint *server,
                 const char *blank);

#endif
