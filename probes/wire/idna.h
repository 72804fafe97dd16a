/* idna.h - a label of a domain name in Unicode, to the form that DNS uses. Pure; any thread.
 *
 * Source: UTS 46, non-transitional, with CheckHyphens, CheckJoiners and CheckBidi of the label alone. libidn2
 * does all of it, and then refuses what IDNA 2008 (RFC 5892) does not know: symbols, emoji and the letters of
 * newer scripts, which browsers and certificates have. Those are done here. */
#ifndef DCV_IDNA_H
#define DCV_IDNA_H

enum { IDNA_LABEL_MOST = 63 };

/* Maps and checks one label without dots: UTF-8, or an A-label in lower case. Returns IDN2_OK and the label
 * in ASCII, or libidn2's code for what is wrong. out may hold ASCII that is no letter, digit or hyphen, and
 * "xn--" in full-width letters becomes an A-label that is not checked: a caller looks at both. */
int idna_label(const char *text, char out[IDNA_LABEL_MOST + 1]);

#endif
