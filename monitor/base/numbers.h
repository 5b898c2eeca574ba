/* Numbers for what is met again, and then known by its number. */
#ifndef UTWATCH_BASE_NUMBERS_H
#define UTWATCH_BASE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* For what is kept at `place` of `places`: a number that no other call in this process gets, in any thread,
 * with as many places; never 0. Modulo `places` it is the place, so that what goes by the number and has as
 * many places is as full as the first table. */
uint64_t number_of_its_own(size_t place, size_t places);

#endif
