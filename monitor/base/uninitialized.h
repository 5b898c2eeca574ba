/* The compiler clears whatever lies on the stack (-ftrivial-auto-var-init), which takes a large buffer's time
 * again on each call. A buffer of which every byte that is read has been written before is left as it is. */
#ifndef UTWATCH_BASE_UNINITIALIZED_H
#define UTWATCH_BASE_UNINITIALIZED_H

#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef UNINITIALIZED
#define UNINITIALIZED
#endif

#endif
