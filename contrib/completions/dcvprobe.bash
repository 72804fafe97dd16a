# bash completion for dcvprobe(1)

# The first column of the output of `dcvprobe codes` or `dcvprobe causes`, without variables.
_dcvprobe_catalogue() {
    dcvprobe "$1" 2>/dev/null | sed -n '2,$s/[|: ].*//p' | sort -u
}

_dcvprobe() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local commands="check caa batch preflight explain codes causes token replay submit show list stats watch help"
    local methods="dns-txt-token dns-cname-token dns-cname-target http-token http-token-dynamic dns-persist caa"
    local request="--method --adn --token --auth-key-file --auth-key-name --csr --issued --filename --issuer --ca --purpose
        --validation-method --account-uri --account-thumbprint --caa-account --allow-target --validated-target --depth
        --resolver --perspective --edited-at --label --deadline --allow-net --now"
    local output="--format --json --verbose --redact" network="--config --trust-anchor --root-hints"
    local formats="text json ndjson nagios fix nsupdate" words="" files=""
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$cur")
        return
    fi
    # bash splits --option=value into three words, the second of which is "=".
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $command in
        preflight) formats="text json ndjson" methods="email phone $methods" ;;
        list | stats) formats="text json ndjson" ;;
        watch) formats="text ndjson" ;;
    esac

    case $prev in
        --method) words=$methods ;;
        --format) words=$formats ;;
        --purpose) words="tls smime vmc" ;;
        --depth) words="quick full" ;;
        --resolver) words="recursive" ;;
        --verdict) words="pass fail undecided" ;;
        --product) words="tls client code-signing safenet-cc safenet-fips" ;;
        --interval) words="ca" ;;
        --until)
            [[ $command == watch ]] || return
            words="pass forever"
            ;;
        --code | --detail-code) words=$(_dcvprobe_catalogue codes) ;;
        --cause) words=$(_dcvprobe_catalogue causes) ;;
        --auth-key-file | --csr | --save | --config | --trust-anchor | --root-hints | --resume | --original | --note | --socket)
            files=yes
            ;;
        --batch) [[ $command == submit ]] && files=yes ;;
        --adn | --token | --auth-key-name | --issued | --filename | --issuer | --ca | --validation-method | --account-uri | \
            --account-thumbprint | --persist | --caa-account | --allow-target | --validated-target | --perspective | --edited-at | --label | --deadline | --allow-net | \
            --now | --in-flight | --timestamp | --wait | --domain | --since | --limit | --original-common-name | \
            --original-san | --san | --common-name | --org | --org-unit | --address | --email)
            return
            ;;
        *)
            case $command in
                check | caa) words="$request $output $network --save" ;;
                batch) words="$request $network --redact --in-flight --resume --no-evidence" files=yes ;;
                preflight)
                    words="--csr --original --original-common-name --original-san --note --san --domain --common-name --org
                        --org-unit --address --email --product --method --token --config --now --probe --format --json"
                    ;;
                explain)
                    words="$request $network --json --verbose --redact --run --domain" files=yes
                    [[ $cur == -* ]] || words=$(_dcvprobe_catalogue codes)
                    ;;
                codes) words="--json" ;;
                causes)
                    words="--json"
                    [[ $cur == -* ]] || words=$(_dcvprobe_catalogue causes)
                    ;;
                token)
                    words="--auth-key-file --auth-key-name --csr --timestamp --persist --account-uri --account-thumbprint --issuer --adn
                        --wildcard --until --now --config --json"
                    ;;
                replay) words="$output --all" files=yes ;;
                submit) words="$request --socket --batch" ;;
                show) words="$output --save --socket --wait" ;;
                list)
                    words="--domain --code --detail-code --cause --verdict --method --since --until --batch --limit --socket
                        --format --json"
                    ;;
                watch) words="$request --interval --until --delete --socket --format" ;;
                stats) words="--since --until --socket --format --json" ;;
            esac
            [[ $cur == -* ]] && files=""
            [[ $cur == -* || $command == explain ]] || words=""
            ;;
    esac

    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    if [[ $files ]]; then
        compopt -o filenames 2>/dev/null
        local found
        mapfile -t found < <(compgen -f -- "$cur")
        COMPREPLY+=("${found[@]}")
    fi
}

complete -F _dcvprobe dcvprobe
