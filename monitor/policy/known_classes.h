/*
 * Certificate chains that give the same answers in all tests form one class, and so do hellos. On the way to
 * remembered verdicts (known_verdicts.h) the class stands for all answers that nothing else decides. A known
 * chain or hello is recognised by its number, which its bytes got when they were first met.
 */
#ifndef UTWATCH_POLICY_KNOWN_CLASSES_H
#define UTWATCH_POLICY_KNOWN_CLASSES_H

#include "policy/compiled.h"

/* For a profile whose tests are numbered. NULL: no memory. */
struct known_classes *known_classes_new(const struct profile *p);
void known_classes_free(struct known_classes *k);
size_t known_classes_memory(void);

/* The class of the case's chain or hello; 0: none is known, and each test is asked. */
uint32_t class_of_case(const struct profile *p, enum subject subject, const struct policy_case *c);

#endif
