/* json_catalogue.h - writes the catalogues of codes and causes for programs, as members of documents like
 * {"schema_version":1,"codes":[…]}. Functions only, any thread. Pure. */
#ifndef DCV_JSON_CATALOGUE_H
#define DCV_JSON_CATALOGUE_H

#include "format/json_write.h"

void json_write_codes(struct json_out *j, const char *key);             /* the array */
void json_write_code(struct json_out *j, const char *key, enum code c); /* one object, or null for an unknown code */
void json_write_causes(struct json_out *j, const char *key);
void json_write_cause(struct json_out *j, const char *key, enum cause c);

#endif
