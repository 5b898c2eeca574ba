#include "policy/policy.h"

const struct word verdict_words[] = {
    {VERDICT_NOT_APPLICABLE, "not-applicable"},
    {VERDICT_PASS, "pass"},
    {VERDICT_NOTHING_AGAINST, "nothing-against"},
    {VERDICT_NOT_OBSERVABLE, "not-observable"},
    {VERDICT_FAIL, "fail"},
    {0, NULL},
};
const struct word basis_words[] = {
    {BASIS_DIRECT, "direct"}, {BASIS_INFERRED, "inferred"}, {BASIS_PARTIAL, "partial"}, {0, NULL}};
const struct word severity_words[] = {
    {SEVERITY_INFO, "info"},
    {SEVERITY_LOW, "low"},
    {SEVERITY_MEDIUM, "medium"},
    {SEVERITY_HIGH, "high"},
    {0, NULL},
};
const struct word fault_words[] = {
    {FAULT_NONE, "none"}, {FAULT_UE, "ue"}, {FAULT_SERVER, "server"}, {FAULT_BOTH, "both"}, {0, NULL},
};
const struct word side_words[] = {
    {FAULT_NONE, "nobody on the wire"}, {FAULT_UE, "UE"}, {FAULT_SERVER, "server"},
    {FAULT_BOTH, "UE and server"},      {0, NULL},
};
const struct word case_kind_words[] = {
    {CASE_HANDSHAKE, "handshake"},
    {CASE_CONNECTION, "connection"},
    {CASE_EXCHANGE, "exchange"},
    {CASE_SERVER, "server"},
    {CASE_UE, "ue"},
    {CASE_KEY, "key"},
    {0, NULL},
};

bool severity_by_name(const char *name, enum severity *out)
{
    int64_t number;
    if (!word_number(severity_words, name, &number))
        return false;
    *out = (enum severity)number;
    return true;
}
