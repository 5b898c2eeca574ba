#!/bin/bash
# Does bash complete options, profiles, rules and levels of the program at hand? usage: completion.sh UTWATCH COMPLETION
set -u
utwatch=$1
. "$2"
failed=0
checks=0
completes() { # WORD BEFORE EXPECTED
    COMPREPLY=()
    _utwatch "$utwatch" "$1" "$2" 2> /dev/null
    checks=$((checks + 1))
    for word in "${COMPREPLY[@]}"; do
        [ "$word" = "$3" ] && return
    done
    echo "FAILED: '$2 $1' completes to '${COMPREPLY[*]}', not to $3"
    failed=$((failed + 1))
}
completes --sys utwatch --syslog
completes --list-p utwatch --list-profiles
completes -r utwatch -r
completes mod -p modern
completes ts33141-v --advise ts33141-v1.0.0
completes ut-7.1-session --explain ut-7.1-session-lifetime
completes hello.j --explain hello.ja4
completes me --fail-on medium
completes hi --min-severity high
completes l -i lo
completes relp --syslog relp:
echo "$checks checks, $failed failed"
exit $((failed > 0))
