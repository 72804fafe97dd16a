/* json_domains.h - the member "domains" of a document with reports: what the reports of each domain come to together
 * (judge/domain.h). Pure; any thread.
 *
 *   [{"domain","wildcard","verdict",
 *     "control":null or {"verdict":"pass, fail, undecided or not-checked","method":null or the one that
 * decides,"because"}, "caa":null or {"verdict"}, "reports":[0,1,…]}]     indices into the document's "reports", from
 * 0 */
#ifndef DCV_JSON_DOMAINS_H
#define DCV_JSON_DOMAINS_H

#include "format/json_write.h"
#include "judge/domain.h"

/* The domains of a document whose reports are all_reports, of which each domain's are a part. */
void json_write_domains(struct json_out *j, const struct report *const *all_reports, const struct domain *v, size_t n);

/* A report as json_write_report() has written it. */
struct report_text {
    const char *p;
    size_t n;
};
/* The same for reports that are there as texts, all of one domain and in the order of the document. a: for temporary
 * memory. n may be 0: an empty list. Reports of a version that did not write what counts are taken as if the request
 * had named their methods. */
void json_write_domains_of_texts(struct json_out *j, struct arena *a, const struct report_text *v, size_t n);
/* What counts of such a report. False: the text is none. */
bool json_domain_part(const struct report_text *r, struct domain_part *ret);

#endif
