# shellcheck shell=bash
# common.sh: sourced inside the lab.
declare -A lab_values
while IFS='=' read -r lab_name lab_value; do
    lab_values[$lab_name]=$lab_value
done <"$LAB/values"

# expand TEXT: TEXT with the lab's values ({NAME} in $LAB/values) put in
expand() {
    local text=$1
    while [[ $text =~ \{([A-Z0-9_]+)\} ]]; do
        text=${text//"${BASH_REMATCH[0]}"/${lab_values[${BASH_REMATCH[1]}]:?"unknown value ${BASH_REMATCH[0]}"}}
    done
    printf '%s' "$text"
}

# forget: empties the resolver's cache
forget() {
    local what
    for what in "flush_zone ." flush_negative "flush_infra all"; do
        # shellcheck disable=SC2086
        unbound-control -c "$LAB/run/unbound.conf" $what >/dev/null
    done
}
