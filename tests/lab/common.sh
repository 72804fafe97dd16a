# shellcheck shell=bash
# common.sh: sourced inside the lab. expand TEXT: TEXT with the lab's values ({NAME} in $LAB/values) put in.
declare -A lab_values
while IFS='=' read -r lab_name lab_value; do
    lab_values[$lab_name]=$lab_value
done <"$LAB/values"

expand() {
    local text=$1
    while [[ $text =~ \{([A-Z0-9_]+)\} ]]; do
        text=${text//"${BASH_REMATCH[0]}"/${lab_values[${BASH_REMATCH[1]}]:?"unknown value ${BASH_REMATCH[0]}"}}
    done
    printf '%s' "$text"
}
