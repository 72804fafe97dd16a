#!/bin/bash
# install.sh BUILD man|no-man: meson install installs all files, and no others, and the programs run from there.
set -eu
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
meson install -C "$1" --no-rebuild --quiet --destdir "$root" >/dev/null
prefix=$(dirname "$(dirname "$(find "$root" -path '*/bin/dcvd')")")

pages=()
[ "$2" = no-man ] || pages=(share/man/man{1/dcvprobe.1,8/dcvd.8,5/dcvd.conf.5,7/dcvd-api.7})
wrong=0
for file in bin/dcvd bin/dcvprobe lib/systemd/system/dcvd.{service,socket} lib/{sysusers,tmpfiles}.d/dcvd.conf \
    share/dcvd/{ca-profiles/digicert.conf,ca-profiles/identifiers.tsv,grafana/dcvd.json,icinga/dcvd.conf,openapi.json,prometheus/prometheus.yml,prometheus/dcvd.rules.yml,clients/dcvd.py,clients/dcvd.mjs} \
    share/bash-completion/completions/dcvprobe share/zsh/site-functions/_dcvprobe \
    share/fish/vendor_completions.d/dcvprobe.fish \
    share/doc/dcvd/{LICENSE,README.md,causes.md,command.md,daemon.md,examples/dcvd.conf} "${pages[@]}"; do
    [ -s "$prefix/$file" ] || {
        echo "missing: $file"
        wrong=1
    }
done
if command -v nroff >/dev/null; then # no option, path or JSON is broken by a hyphen that does not belong to it
    for page in "${pages[@]}"; do
        ! nroff -Tutf8 -man "$prefix/$page" | grep '[a-z]‐$' || {
            echo "hyphenated: $page"
            wrong=1
        }
    done
fi
while read -r file; do # no other file is installed: no test program, no header
    case ${file#"$prefix"/} in
    bin/dcvd | bin/dcvprobe | lib/systemd/system/* | lib/sysusers.d/* | lib/tmpfiles.d/* | share/dcvd/* | share/doc/dcvd/* | \
        share/man/* | share/bash-completion/* | share/zsh/* | share/fish/*) ;;
    *)
        echo "not expected: $file"
        wrong=1
        ;;
    esac
done < <(find "$root" -type f)
grep -qx "ExecStart=${prefix#"$root"}/bin/dcvd" "$prefix/lib/systemd/system/dcvd.service" || {
    echo "dcvd.service starts something else: $(grep ExecStart= "$prefix/lib/systemd/system/dcvd.service")"
    wrong=1
}
"$prefix/bin/dcvprobe" --version >/dev/null
"$prefix/bin/dcvd" --check-config --user "$(id -un)" --config "$prefix/share/doc/dcvd/examples/dcvd.conf" >/dev/null
exit $wrong
