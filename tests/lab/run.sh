#!/bin/bash
# run.sh DCVPROBE [NAME…]: runs dcvprobe check in every situation of the tables beside this file (or in those named) and
# compares its reports. With LIST=1 in the environment it only prints the commands, to be run by hand in a shell of the
# lab (tests/lab/lab.sh); TABLES names the tables, where not all are meant. Ends with "N passed, N failed"; status 77
# where no lab can be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || {
    echo "usage: run.sh DCVPROBE [NAME...]" >&2
    exit 2
}
[ -n "${LAB_INSIDE:-}" ] || exec "$here/lab.sh" -- "$here/run.sh" "$(realpath "$1")" "${@:2}"
# shellcheck source=tests/lab/common.sh
. "$here/common.sh"
dcvprobe=$1
shift
only=" $* "
out=$LAB/run/reports

# A report as the name of its file, the table's columns, and the causes of each weight.
# shellcheck disable=SC2016
columns='input_filename as $file | .reports[0] | [$file,
  .verdict, (.errors[0].code // "-"), (.detail_code // "-"), (.findings[0].cause // "-"),
  ([.findings[].cause] | join(" ")), ([.findings[] | select(.weight != "note") | .cause] | join(" ")),
  ([.findings[] | select(.weight == "blocking") | .cause] | join(" ")), (.caa.relevant.owner // "-"),
  ([.evidence[] | select(.kind == "dns" and .via != "authoritative" and .via[:11] != "perspective")] | length),
  ([.evidence[] | select(.kind == "http")] | length)] | join("\u001f")'

# split ROW: into the array f
split() {
    local rest=$1
    f=()
    while [[ $rest == *" | "* ]]; do
        f+=("${rest%%" | "*}")
        rest=${rest#*" | "}
    done
    f+=("$rest")
}

# caa_row ROW: a row of caa-situations as one of situations, with the owner of the set behind it
caa_row() {
    local verdict=pass code=- detail=-
    split "$1"
    if [ "${f[3]}" != permits ]; then
        verdict=fail code="${f[3]}|${f[1]#"*."}" detail=${f[3]}
    fi
    case " ${f[2]} " in *" --issuer "*) ;; *) f[2]="--issuer digicert.com ${f[2]}" ;; esac
    row="${f[0]} | ${f[1]} | --method caa ${f[2]} | $verdict | $code | $detail | ${f[5]} | ${f[6]} | ${f[4]}"
}

rows=()
for table in ${TABLES:-situations way-situations caa-situations}; do
    while IFS= read -r line; do
        case $line in '' | '#'*) continue ;; esac
        [ "$only" = "  " ] || [[ $only == *" ${line%% *} "* ]] || continue
    # Knot Resolver is not in every distribution
    if [[ $line == *"--resolver 1.1.1.1"* ]] && ! command -v kresd >/dev/null; then
        echo "skip ${line%% *}: kresd is not installed"
        continue
    fi
        row=${line// | |/ |  |}
        [ "$table" != caa-situations ] || caa_row "$(expand "$row")"
        rows+=("$row")
    done <"$here/$table"
done

# options TEXT: the options of a row, with what holds where it does not say
options() {
    local text
    text=$(expand "$1")
    case " $text " in *" --method "*) ;; *) text="--method dns-txt-token $text" ;; esac
    case " $text " in *" --depth "*) ;; *) text="--depth quick $text" ;; esac
    echo "$text"
}

# list: of each row what the table expects, and the command
list() {
    local row
    for row in "${rows[@]}"; do
        split "$row"
        echo "# ${f[0]} | ${f[3]} | ${f[4]} | ${f[5]} | ${f[6]} | ${f[7]:-}"
        echo "dcvprobe check '${f[1]}' $(options "${f[2]}")"
    done
}

twice=$(for row in "${rows[@]}"; do echo "${row%% *}"; done | sort | uniq -d)
[ -z "$twice" ] || {
    echo "run.sh: two situations have the name ${twice//$'\n'/ }" >&2
    exit 2
}
if [ -n "${LIST:-}" ]; then
    list
    exit 0
fi

rm -rf "$out"
mkdir "$out"
list | python3 "$here/ask.py" "$dcvprobe" "$out"
# For who comes after in this lab: whose reports these are.
stat -c '%n %i %Y' "$dcvprobe" >"$out/of"

# What jq makes of them all, in one go. At a file that is no JSON it stops; judge looks at those that follow.
declare -A made
while IFS= read -r line; do
    made[${line%%$'\x1f'*}]=${line#*$'\x1f'}
done < <(jq -r "$columns" "$out"/*.json 2>/dev/null)

# judge ROW: prints what is wrong, nothing where all is as expected
judge() {
    local due file status verdict code detail cause causes weighty blocking owner questions fetches
    split "$1"
    file=$out/${f[0]}
    if [ ${#f[@]} -ne 8 ] && [ ${#f[@]} -ne 9 ]; then
        echo "the line has ${#f[@]} columns"
        return
    fi
    [ -n "${made[$file.json]:-}" ] || made[$file.json]=$(jq -r "$columns | ltrimstr(\"$file.json\\u001f\")" "$file.json" 2>&1)
    IFS=$'\x1f' read -r verdict code detail cause causes weighty blocking owner questions fetches <<<"${made[$file.json]}"
    if [ -z "$verdict" ] || [ -z "$fetches" ]; then
        echo "no report: $(head -c 300 "$file.json") $(head -c 600 "$file.err")"
        return
    fi
    [ "$verdict" = "${f[3]}" ] || echo "verdict $verdict, not ${f[3]}"
    [ "$code" = "${f[4]}" ] || echo "code $code, not ${f[4]}"
    [ "$detail" = "${f[5]}" ] || echo "detail_code $detail, not ${f[5]}"
    status=$(<"$file.rc")
    case $verdict:$status:${f[6]} in
    pass:0:* | fail:1:* | undecided:2:usage | undecided:3:-) ;;
    *) echo "exit status $status on $verdict: $(head -c 600 "$file.err")" ;;
    esac
    case ${f[3]}:${f[6]} in
    pass:-) [ -z "$weighty" ] || echo "finding $weighty on a clean pass" ;;
    pass:*) for due in ${f[6]//\// }; do [[ " $causes " == *" $due "* ]] || echo "findings '$causes' without $due"; done ;;
    fail:*) [[ "/${f[6]}/" == *"/$cause/"* ]] || echo "cause $cause, not ${f[6]}" ;;
    undecided:*) ;;
    esac
    # the set that decides, of a row of caa-situations
    [ ${#f[@]} -eq 8 ] || [ "${owner%.}" = "${f[8]}" ] || echo "the set at $owner, not ${f[8]}"
    # a climb of 127 labels asks for each; a web site has up to 16 addresses, 2 schemes and redirects before the 24
    [ "$questions" -le 64 ] || [ "${f[2]#*--method caa}" != "${f[2]}" ] || echo "$questions questions to the resolver"
    [ "$fetches" -le 64 ] || echo "$fetches fetches"
    [ "$verdict" != pass ] || [ -z "$blocking" ] || echo "blocking finding $blocking on a pass"
}

passed=0 failed=0
for row in "${rows[@]}"; do
    split "$row"
    wrong=$(judge "$row")
    if [ -z "$wrong" ]; then
        passed=$((passed + 1))
        echo "ok   ${f[0]}: ${f[7]:-}"
    else
        failed=$((failed + 1))
        echo "FAIL ${f[0]}: ${f[1]}: ${wrong//$'\n'/; }"
    fi
done
# Where the whole table was run, each root cause that the program knows must have been in a report. Only ns-slow needs a
# longer timeout than that of the table's checks; tests/cases/way-slow.case shows it.
if [ "$only" = "  " ]; then
    unseen=$(comm -23 <("$dcvprobe" causes --json | jq -r '.. | .id? // empty' | sort -u) \
        <({ echo ns-slow; jq -r '.reports[].findings[].cause' "$out"/*.json; } | sort -u))
    [ -z "$unseen" ] || {
        failed=$((failed + 1))
        echo "FAIL causes: no situation shows ${unseen//$'\n'/ }"
    }
fi
# Whatever a situation sends: no check may have ended with an error of the program.
if grep -qi "fault on this side" "$out"/*.err "$out"/*.json; then
    failed=$((failed + 1))
    echo "FAIL faults: $(grep -li "fault on this side" "$out"/*.err "$out"/*.json | tr '\n' ' ')"
fi
# Wherever zones and redirects lead: no program may have connected to a forbidden address.
if [ -e "$LAB/run/canary" ]; then
    failed=$((failed + 1))
    echo "FAIL canary: connections to $(sort -u "$LAB/run/canary" | tr '\n' ' ')"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
