/*
 * Turns what is finished into verdicts: handshakes, clear text, keys in use, and what peers did. The judge
 * owns all that is learned on the way: the memories of sessions and of peers. It sees no packet.
 */
#ifndef UTWATCH_APP_JUDGE_H
#define UTWATCH_APP_JUDGE_H

#include "app/delivered.h"
#include "app/output.h"
#include "app/ruleset.h"
#include "app/statement.h"
#include "session/session.h"

struct judge;

/* For the pipelines of so many workers. NULL after a message, when there is no memory or the state file
 * cannot be opened. Rules and output outlive the judge; sessions may be NULL: then it makes its own. */
struct judge *judge_new(const struct ruleset *rules, struct output *output, struct sessions *sessions,
                        unsigned workers);
void judge_free(struct judge *j);

/* What is judged from now on is judged by these rules. The sizes of tables stay. False, with nothing changed,
 * when there is no memory. */
bool judge_go_on_with(struct judge *j, const struct ruleset *rules);

/* Who wants to know `key_since` of handshakes that could not be judged at once. */
typedef void judge_answer(void *context, unsigned worker, struct flow *flow, uint64_t flow_id,
                          uint32_t key_since);
void judge_answers_to(struct judge *j, judge_answer *answer, void *context);

/* Statements come in the order of their ends. */
void judge_take(struct judge *j, struct statement *s);

/* A connection begins; its handshake will be judged soon: has the processor fetch where its peers are looked
 * for and what was reported of the UE, then what is known of both and of its session. Only for a pipeline of
 * the same thread. */
void judge_expect_hosts(const struct judge *j, const struct endpoint *client, const struct endpoint *server);
void judge_expect(const struct judge *j, const struct observation *o);

/* A statement comes that is perhaps not the next one. */
void judge_count_early(struct judge *j);

/* Everything that is due by this packet time has been taken: reports what has waited long enough for other
 * sensors or for a contradiction, and judges the peers that are due. At most a few of each kind, so that
 * thousands do not delay the next frame. */
void judge_go_on(struct judge *j, nanos now, size_t most);

/* An interval ends: servers and UEs are to be judged by all that they did so far. judge_go_on() does so. */
void judge_interval_ends(struct judge *j);

/* Does a finding wait for a contradiction, or a peer to be judged? */
bool judge_holds_back(const struct judge *j);

/* The key under which the tls layer hashes tickets and identities, and a new one that all sensors have. */
struct siphash_key judge_identifier_key(const struct judge *j);
bool judge_new_common_key(struct judge *j, struct siphash_key *key);

/* What has become of its alerts so far. */
void judge_delivered(struct judge *j, struct delivered_counters delivered);

/* The end: those that wait, and peers. False, after a message, when the memory of sessions could not be
 * written to its file. */
bool judge_end(struct judge *j);

uint64_t judge_handshakes(const struct judge *j);

/* Bytes that it takes besides its memories of sessions and peers. */
size_t judge_memory(unsigned workers);

#endif
