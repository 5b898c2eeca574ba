/* A real redis-server on loopback for a test, in a folder of its own. */
#ifndef UTWATCH_TESTS_REDIS_SERVER_H
#define UTWATCH_TESTS_REDIS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct redis_server {
    pid_t pid; /* 0: not running */
    int port;
    char folder[64];
    char url[128];
};

/* Is the program installed? */
bool redis_server_exists(void);

/* `option`, `value`: one more setting, or NULL. False when it does not answer within some seconds. */
bool redis_server_start(struct redis_server *r, const char *option, const char *value);

/* On the same port, with nothing in it. */
bool redis_server_start_again(struct redis_server *r);

void redis_server_kill(struct redis_server *r); /* with SIGKILL */
void redis_server_remove(struct redis_server *r);

/* Runs `redis-cli WORDS` against it; false when that fails. */
bool redis_server_tell(const struct redis_server *r, const char *words);

#endif
