/*
 * Chains of certificates that answer all tests alike are one class, and so are hellos. In a way to remembered
 * verdicts (known_verdicts.h) the class represents all answers that nothing else decides. What is met again
 * is known by its number, which its bytes had when they were met first.
 */
#ifndef UTWATCH_POLICY_KNOWN_CLASSES_H
#define UTWATCH_POLICY_KNOWN_CLASSES_H

#include "policy/compiled.h"

/* For a profile whose tests are numbered. NULL: no memory. */
struct known_classes *known_classes_new(const struct profile *p);
void known_classes_free(struct known_classes *k);
size_t known_classes_memory(void);

/* Of the chain or hello of the case; 0: it has none that is known, and is asked test by test. */
uint32_t class_of_case(const struct profile *p, enum subject subject, const struct policy_case *c);

#endif
