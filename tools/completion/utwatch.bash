# bash completion for utwatch: options from --help; profiles, rules, fields and interfaces from the program and the machine.

_utwatch()
{
    local current=$2 before=$3 words=
    local IFS=$' \t\n'
    case $before in
        -p | --profile | --advise)
            words=$("$1" --list-profiles 2> /dev/null | awk '{print $1}')
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -X '!*.y*ml' -- "$current"; compgen -d -- "$current") ;;
        --explain)
            words=$("$1" --list-rules 2> /dev/null | awk '{print $1}'; "$1" --list-fields 2> /dev/null | grep -oE '^[a-z-]+\.[a-z0-9-]+')
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
        --expect)
            words=$("$1" --list-rules 2> /dev/null | awk '{print $1}')
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
        --fail-on | --min-severity)
            mapfile -t COMPREPLY < <(compgen -W "info low medium high" -- "$current") ;;
        --checksums)
            mapfile -t COMPREPLY < <(compgen -W "auto verify ignore" -- "$current") ;;
        --report)
            mapfile -t COMPREPLY < <(compgen -W "text html csv junit" -- "$current") ;;
        --watch | --evidence)
            mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        -i | --interface)
            mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net)" -- "$current") ;;
        --syslog)
            mapfile -t COMPREPLY < <(compgen -W "unix: udp: tcp: tls: relp: relp+tls:" -- "$current")
            compopt -o nospace ;;
        *)
            if [[ $current == -* ]]; then
                words=$("$1" --help 2> /dev/null | grep -oE -- '(^|[ ,])--?[a-zA-Z][a-z-]*(=handshakes)?' | tr -d ' ,')
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
            fi ;;
    esac
}
complete -o filenames -F _utwatch utwatch
