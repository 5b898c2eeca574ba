"""The catalogue of rules: what each profile holds, how severe a breach is, whom a rule binds, and on what a verdict rests.

Letters of the profiles: b V1.0.0, 1 and 2 the pseudo-CRs, w wap-219, f rel6-final, m modern, d modern-draft, a ls-advice. Severity: H high, M
medium, L low, I info. Basis: D direct, I inferred, P partial; "neg. only": never passes, "pos. only": never fails."""

CATALOGUE = {
    "ut-4-tls-required": ("12bwfm", "H", "both", "D"),
    "ut-4-protected-link": ("b", "H", "both", "D"),
    "ut-port-other-protocol": ("a", "I", "ue", "D"),
    "ut-5.1.1-http-authentication": ("12bf", "M", "server", "P neg. only"),
    "ut-5.1.1-own-data-only": ("12bf", "M", "server", "P neg. only"),
    "ut-5.1.1-gaa": ("2f", "M", "server", "D neg. only"),
    "ut-5.1.1-auth-http-based": ("1b", "M", "both", "I neg. only"),
    "ut-5.1.2-effective-key-128": ("1b", "H", "both", "D"),
    "ut-5.1.2-possible-128": ("2f", "M", "both", "D / I"),
    "ut-6-version-min": ("12wf", "H", "both", "D"),
    "ut-6-version-forbidden": ("12wfm", "H", "both", "D"),
    "ut-6-sslv2-hello": ("12fm", "L", "ue", "I neg. only"),
    "ut-6.1.1-no-required-ue-cert": ("1", "M", "server", "D"),
    "ut-6.1.2-server-certificate": ("12wfm", "H", "server", "D"),
    "ut-6.1.2-ue-accepted-bad-cert": ("12wfm", "M", "ue", "I neg. only"),
    "ut-6.1.3-empty-certificate": ("12f", "M", "ue", "D"),
    "ut-6.1.3-server-continues": ("12f", "L", "server", "D, needs policy"),
    "ut-6.2-ue-offers-encryption": ("12f", "H", "ue", "D"),
    "ut-6.2-ue-3des": ("12f", "M", "ue", "I"),
    "ut-6.2-server-3des": ("12wf", "M", "server", "I"),
    "ut-6.2-server-rc4": ("2wf", "M", "server", "I"),
    "ut-6.2-null-integrity": ("12wfm", "H", "both", "D"),
    "ut-6.2-null-integrity-offered": ("12f", "L", "ue", "D"),
    "ut-6.2-null-encryption-used": ("12fm", "I", "both", "D"),
    "ut-6.4-anonymous-key-exchange": ("12fm", "H", "both", "D"),
    "ut-6.4-listed-anonymous": ("12f", "H", "both", "D"),
    "ut-6.4-anonymous-offered": ("am", "I", "ue", "D"),
    "ut-7.1-resume-server": ("12bwf", "M", "server", "I"),
    "ut-7.1-resume-ue": ("12bwf", "L", "ue", "I pos. only"),
    "ut-7.1-session-lifetime": ("12f", "H", "both", "D / P"),
    "ut-7.1-ticket-lifetime": ("12f", "M", "both", "D / P"),
    "ut-7.1-ticket-lifetime-hint": ("12f", "L", "server", "P"),
    "ut-7.2-only-anonymous": ("12f", "H", "server", "D"),
    "ut-7.2-only-anonymous-extended": ("12f", "M", "server", "D"),
    "ut-7.2-no-integrity": ("12f", "H", "server", "D"),
    "ut-7.2-no-encryption": ("12f", "H", "server", "D"),
    "ut-7.2-policy-128": ("12f", "H", "server", "P, needs policy"),
    "ut-7.2-no-alert": ("12f", "L", "server", "D"),
    "ut-op-weaker-selected": ("12f", "M", "server", "I neg. only"),
    "wap219-6.1-server-both-suites": ("w", "M", "server", "I"),
    "wap219-6.1-client-one-suite": ("w", "M", "ue", "I"),
    "wap219-6.2.2-short-session-id": ("w", "I", "server", "D"),
    "wap219-6.4-rsa-sign": ("w", "L", "server", "D"),
    "wap219-7-connect": ("w", "I", "ue", "D"),
    "wap219-7-connect-abort": ("w", "M", "ue", "D"),
    "wapcert-6.1-size": ("aw", "I", "server", "D"),
    "wapcert-6.1-chain-depth": ("aw", "I", "server", "D"),
    "wapcert-6.4.2-serial-length": ("12w", "M", "server", "D"),
    "wapcert-6.4.3-signature-algorithm": ("12w", "L", "server", "D"),
    "wapcert-6.4.4-issuer-empty": ("12w", "M", "server", "D"),
    "wapcert-6.4.5-subject-empty": ("12w", "M", "server", "D"),
    "wapcert-6.4-utf8": ("12w", "L", "server", "D"),
    "wapcert-6.4.6-key": ("12w", "M", "server", "D"),
    "wapcert-6.4.7-extensions-present": ("12w", "L", "server", "D"),
    "wapcert-6.4.7-key-usage": ("12w", "M", "server", "D"),
    "wapcert-6.4.7-eku": ("12w", "M", "server", "D"),
    "wapcert-6.4.7-san-dns": ("12w", "L", "server", "D"),
    "wapcert-6.6-ca": ("12w", "M", "server", "D"),
    "ut-ls-aes-supported": ("a", "I", "both", "D / I"),
    "ut-ls-tls11-supported": ("a", "I", "both", "D / I"),
    "dp-3.2-3des-before-rc4": ("a", "I", "both", "D"),
    "dp-3.2-prefer-tls11": ("a", "I", "server", "I"),
    "dp-3.2-key-lifetime-24h": ("a", "L", "both", "D / P"),
    "dp-3.2-resume-used": ("a", "I", "ue", "I"),
    "dp-3.2-no-tls-client-auth": ("a", "L", "both", "D"),
    "dp-rfc3546-truncated-hmac": ("am", "I", "both", "D"),
    "rfc2246-7.2.2-resume-after-fatal": ("12bwf", "M", "both", "I neg. only"),
    "rfc2246-7.4.1.3-random-differs": ("12w", "L", "server", "D"),
    "rfc2246-7.4.1.3-same-suite": ("12w", "M", "server", "D"),
    "rfc2246-7.4.4-anon-cert-request": ("12w", "M", "server", "D"),
    "rfc2246-null-compression-offered": ("12wf", "L", "ue", "D"),
    "m-version-tls12": ("m", "H", "both", "D"),
    "m-no-http-upgrade": ("m", "M", "ue", "D"),
    "m-null-rc4-export": ("m", "H", "both", "D"),
    "m-below-128": ("m", "L", "both", "D"),
    "m-static-rsa": ("m", "L", "both", "D"),
    "m-compression": ("d", "M", "both", "D"),
    "m-renegotiation-info": ("d", "M", "both", "D"),
    "m-rsa-2048": ("d", "M", "server", "D"),
    "m-ticket-7d": ("m", "M", "both", "P"),
}

# Where a profile differs from the row, as the catalogue's own remarks have it, or because this project decided so.
DEVIATIONS = {
    ("ut-6.2-null-encryption-used", "m"): {"severity": "H", "why": "RFC 9325 forbids what 6.2 permits"},
    ("ut-6.2-null-encryption-used", "d"): {"severity": "H", "why": "as in modern"},
    ("dp-rfc3546-truncated-hmac", "m"): {"severity": "M", "why": "the catalogue: m at M"},
    ("dp-rfc3546-truncated-hmac", "d"): {"severity": "M", "why": "as in modern"},
    ("ut-6.2-server-3des", "*"): {"basis": "I", "why": "a selection, which makes it pass, is direct"},
}

# Demands that a later text forbids, discourages or no longer makes: their breaches are told apart.
SUPERSEDED = {"ut-6.2-ue-3des", "ut-6.2-server-3des", "ut-6.2-server-rc4", "wap219-6.1-server-both-suites", "wap219-6.1-client-one-suite",
              "wapcert-6.4.3-signature-algorithm", "wapcert-6.4-utf8"}

# Rows of the catalogue that the rules do not meet yet, and why. A row that they meet has to leave this list.
NOT_MET = {
    "ut-6.1.3-reauthenticate": "there is no such rule yet; it needs a memory of challenges by session",
    "ut-5.1.4-no-proxy-configuration": "there is no such rule yet; rules do not see the scope of the site, and have no side `operator`",
}

# What rules that are there lack of their rows, and why.
PARTLY_MET = {
    "ut-7.1-resume-server": "in b its clause is 5.1.2 and 5.1.3 alone, for 7.1 is empty there",
    "ut-7.1-resume-ue": "in b its clause is 5.1.2 and 5.1.3 alone, for 7.1 is empty there",
    "wapcert-6.6-ca": "names of 6.6.3 and 6.6.4 are not judged",
}

# Where one row contradicts another of the catalogue, or says more of a profile than letters can.
SPECIAL_ROWS = {
    "ut-6.4-anonymous-key-exchange": "its row has it in b at M; that of ut-4-protected-link takes it out of b, so that a breach is told once",
    "ut-6.1.2-server-certificate": "f and m have it in words: they allow PSK",
    "ut-6.2-null-encryption-used": "severity and fault depend on the profile",
    "wap219-6.1-server-both-suites": "1 and 2 by reference only",
    "wap219-7-connect": "Upgrade also m, by m-no-http-upgrade",
    "dp-rfc3546-truncated-hmac": "m at M",
    "m-compression": "of a draft", "m-renegotiation-info": "of a draft", "m-rsa-2048": "of a draft",
}
