#include "flow/clients.h"

#include "base/fold_hash.h"

const struct endpoint *client_end(const struct flow *flow)
{
    return &flow->end[flow->end[0].port >= flow->end[1].port ? 0 : 1];
}

uint16_t client_number(const struct siphash_key *key, const struct endpoint *client)
{
    uint8_t network[sizeof client->address] = {0};
    memcpy(network, client->address, client->family == 4 ? 4 : 8);
    return fold_hash(key, network, 0) % CLIENT_NUMBERS;
}

void client_add(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                uint32_t slot)
{
    queue_push(&clients->of[number].queue, slots, link, slot);
    if (++clients->of[number].count > clients->had) {
        clients->greediest = number;
        clients->had = clients->of[number].count;
    }
}

void client_remove(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                   uint32_t slot)
{
    queue_remove(&clients->of[number].queue, slots, link, slot);
    clients->of[number].count--;
}

/* The client that had most counts as greediest until it has only half of them. */
uint32_t client_greediest(struct clients *clients)
{
    enum { FEW = 16 };
    if (clients->of[clients->greediest].count <= clients->had / 2) {
        for (uint32_t i = 0; i < CLIENT_NUMBERS; i++)
            if (clients->of[i].count > clients->of[clients->greediest].count)
                clients->greediest = i;
        clients->had = clients->of[clients->greediest].count;
    }
    return clients->of[clients->greediest].count > FEW ? clients->of[clients->greediest].queue.oldest : 0;
}

void client_most(const struct clients *clients, uint32_t most[GREEDY_CLIENTS])
{
    memset(most, 0, GREEDY_CLIENTS * sizeof *most);
    for (uint32_t i = 1; i < CLIENT_NUMBERS; i++) {
        size_t place = GREEDY_CLIENTS;
        while (place > 0 && clients->of[i].count > clients->of[most[place - 1]].count)
            place--;
        if (place == GREEDY_CLIENTS)
            continue;
        memmove(most + place + 1, most + place, (GREEDY_CLIENTS - place - 1) * sizeof *most);
        most[place] = i;
    }
}
