# bash completion for dcvprobe(1): the program itself says what may stand next, one word a line, with its meaning behind a
# tab. A line that begins with a colon is for the shell: files may stand there, or what comes before the value.

_dcvprobe() {
    local word reply files="" before="" glue=""
    local -a words=()
    COMPREPLY=()
    # bash makes three words of --option=value, the program takes one.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ $glue || ($word == "=" && ${words[*]}) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == "=" ]] && glue=yes || glue=""
    done
    mapfile -t reply < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
    for word in "${reply[@]}"; do
        case $word in
            :files*) files=yes ;;
            :value*) before=${word#*$'\t'} ;;
            *) COMPREPLY+=("${word%%$'\t'*}") ;;
        esac
    done
    word=${words[-1]#"$before"}
    if [[ $files && $word != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
    fi
    [[ ${COMPREPLY[0]-} ]] || COMPREPLY=()
}

complete -F _dcvprobe dcvprobe
