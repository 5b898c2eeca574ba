/* The memory of a site's tables: each layer computes its own from the sizes that it allocates. */
#include "app/cleartext.h"
#include "app/docket.h"
#include "app/held_back.h"
#include "app/judge.h"
#include "app/keys.h"
#include "app/late_check.h"
#include "app/site.h"
#include "app/waiting.h"
#include "decode/fragments.h"
#include "evidence/frames.h"
#include "flow/recent.h"
#include "policy/policy.h"
#include "report/page.h"
#include "report/summing.h"

enum { KIBIBYTE = 1024, MEBIBYTE = 1048576 };

void site_size_handshakes(struct site *site)
{
    enum { LEAST = 1024, SECOND = 4 * LEAST, MOST = 1 << 20 };
    if (site->handshakes)
        return;
    site->handshakes = DEFAULT_HANDSHAKES;
    if (!site->memory)
        return;
    site->handshakes = SECOND;
    const uint64_t second = site_memory(site, NULL);
    site->handshakes = LEAST;
    const uint64_t least = site_memory(site, NULL);
    const uint64_t each = (second - least) / (SECOND - LEAST) + 1;
    const uint64_t more = site->memory > least ? (site->memory - least) / each : 0;
    site->handshakes = (uint32_t)(more < MOST - LEAST ? LEAST + more : MOST);
}

/* What each worker has besides its share of flows and handshakes. */
static size_t worker_memory(const struct site *site)
{
    const size_t handed = tls_memory(site->handshakes, DOCKET_PLACES) - tls_memory(site->handshakes, 0);
    return docket_memory() + used_keys_memory() + handed;
}

/* "  flows           262,144 x  132 bytes       33.0 MiB" */
static void put_part(FILE *out, const char *what, uint32_t count, size_t bytes)
{
    const size_t each = bytes / count;
    char number[32];
    struct text t = text_over(number, sizeof number);
    text_count(&t, count);
    (void)fprintf(out, "  %-12s %11s x ", what, number);
    if (each < KIBIBYTE)
        (void)fprintf(out, "%7zu bytes", each);
    else
        (void)fprintf(out, each < MEBIBYTE ? "%7.1f KiB  " : "%7.1f MiB  ",
                      (double)each / (each < MEBIBYTE ? KIBIBYTE : MEBIBYTE));
    (void)fprintf(out, " %10.1f MiB\n", (double)bytes / MEBIBYTE);
}

uint64_t site_memory(const struct site *site, FILE *out)
{
    const uint32_t n = site->workers;
    const struct {
        const char *what;
        uint32_t count;
        size_t bytes;
    } parts[] = {
        {"flows", site->flows, flow_table_memory(site->flows)},
        {"handshakes", site->handshakes, tls_memory(site->handshakes, 0)},
        {"comparison", site->handshakes,
         recent_memory(site->handshakes) + late_check_places(site->handshakes) * sizeof(struct late_flow)},
        {"reordering", n * OUT_OF_ORDER_STORES, n * stream_held_memory(OUT_OF_ORDER_STORES)},
        {"fragments", n * FRAGMENT_SLOTS, n * fragments_memory()},
        {"checksums", n, n * checksums_memory()},
        {"sessions", site->sessions.sessions, sessions_memory(site->sessions.sessions)},
        {"servers", DEFAULT_SERVERS, peers_memory(SERVER, DEFAULT_SERVERS)},
        {"UEs", DEFAULT_UES, peers_memory(CLIENT, DEFAULT_UES)},
        {"equal alerts", SUMMED_ALERTS,
         (site->receivers.count ? summing_memory() : 0) + (site->json_limit ? summing_memory() : 0)},
        {"in clear", n * DEFAULT_HTTP_CONNECTIONS,
         n * cleartext_memory(DEFAULT_HTTP_CONNECTIONS) + judge_memory(n)},
        {"held back", HELD_HANDSHAKES + HELD_IN_CLEAR, held_back_memory()},
        {"shared", 1, site->sessions.shared ? sessions_sharing_memory() + waiting_memory() : 0},
        {"workers", n, n > 1 ? n * worker_memory(site) : 0},
        {"verdicts", 1 + site->advised, profiles_memory(1 + site->advised)},
        {"evidence", EVIDENCE_CONNECTIONS, site->evidence ? evidence_frames_memory() : 0},
    };
    uint64_t total = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].bytes == 0)
            continue;
        total += parts[i].bytes;
        if (out)
            put_part(out, parts[i].what, parts[i].count, parts[i].bytes);
    }
    if (out)
        (void)fprintf(out, "  %-12s %38.1f MiB\n", "together", (double)total / MEBIBYTE);
    return total;
}
