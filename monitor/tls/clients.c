#include "tls/clients.h"

uint16_t client_number(const struct clients *clients, const struct flow *flow)
{
    const struct endpoint *client = &flow->end[flow->end[0].port >= flow->end[1].port ? 0 : 1];
    const size_t network = client->family == 4 ? 4 : 8;
    return siphash_for_table(&clients->key, span_of(client->address, network)) % CLIENT_NUMBERS;
}

void client_add(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                uint32_t slot)
{
    queue_push(&clients->of[number].queue, slots, link, slot);
    clients->of[number].count++;
}

void client_remove(struct clients *clients, const struct pool *slots, size_t link, uint16_t number,
                   uint32_t slot)
{
    queue_remove(&clients->of[number].queue, slots, link, slot);
    clients->of[number].count--;
}

/* Who was greediest counts as such until half of what it had is gone. */
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
