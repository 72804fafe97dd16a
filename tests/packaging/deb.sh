#!/bin/bash
# deb.sh BUILD OUTDIR: the Debian packages can be built, have between them the files that meson install installs from
# BUILD, none of them twice, and their programs run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1 out=$2
for program in dpkg-buildpackage dh; do
    command -v "$program" >/dev/null || {
        echo "deb.sh: skipped: $program is not installed (contrib/packages names the packages)" >&2
        exit 77
    }
done
rm -rf "$out"
"$here/../../contrib/make-deb" "$out" >/dev/null
deb=$(echo "$out"/dcvd_*.deb) probe=$(echo "$out"/dcvprobe_*.deb)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
wrong=0
complain() {
    echo "deb.sh: $*"
    wrong=1
}

meson install -C "$build" --no-rebuild --quiet --destdir "$root/meson" >/dev/null
prefix=$(dirname "$(dirname "$(find "$root/meson" -path '*/bin/dcvd')")")
dpkg-deb -x "$probe" "$root/probe"
dpkg-deb -x "$deb" "$root/deb"
twice=$(comm -12 <(cd "$root/probe" && find . -type f | sort) <(cd "$root/deb" && find . -type f | sort))
[ -z "$twice" ] || complain "in both packages: $twice"
! find "$root/probe" | grep -E 'systemd|sysusers|bin/dcvd$|etc/dcvd' || complain "dcvprobe has a part of the daemon"
"$root/probe/usr/bin/dcvprobe" --version >/dev/null || complain "dcvprobe does not run"
cp -a "$root/probe/." "$root/deb/"
# Differences that Debian wants: a changelog, a copyright file in place of LICENSE, and the configuration in /etc.
# Documents are compressed, units may be in /lib, and zsh has another directory for completions.
find "$prefix" -type f -printf '%P\n' | grep -v '^share/doc/dcvd/LICENSE$' | sort >"$root/expected"
find "$root/deb" -type f -printf '%P\n' | sed 's,^usr/,,; s,\.gz$,,; s,zsh/vendor-completions,zsh/site-functions,' |
    grep -vxE 'etc/dcvd/dcvd.conf|share/doc/(dcvd|dcvprobe)/(changelog|copyright)' | sort >"$root/found"
diff -u --label "meson install" "$root/expected" --label "$(basename "$deb")" "$root/found" || complain "not the same files"

cmp "$here/../../contrib/dcvd.conf" "$root/deb/etc/dcvd/dcvd.conf" || complain "etc/dcvd/dcvd.conf is not the example"
dpkg-deb -I "$deb" conffiles | grep -qx /etc/dcvd/dcvd.conf || complain "etc/dcvd/dcvd.conf is no conffile"
for words in 'systemd-sysusers.*dcvd.conf' 'systemd-tmpfiles.*dcvd.conf' "deb-systemd-invoke .*'dcvd.service'" \
    "deb-systemd-invoke start 'dcvd.socket'"; do
    dpkg-deb -I "$deb" postinst | grep -q "$words" || complain "postinst has no line like $words"
done
version=$("$root/deb/usr/bin/dcvd" --version | cut -d" " -f1,2)
[ "$version" = "dcvd $(dpkg-deb -f "$deb" Version)" ] || complain "$version is not the version of $(basename "$deb")"
"$root/deb/usr/bin/dcvd" --check-config --config "$root/deb/etc/dcvd/dcvd.conf" >/dev/null || complain "its configuration is wrong"
# needs PACKAGE NAME…: the package depends on those
needs() {
    local depends package
    depends=$(dpkg-deb -f "$1" Depends)
    for package in "${@:2}"; do
        [[ ", $depends, " == *", $package"[,\ ]* ]] || complain "$(basename "$1") does not depend on $package"
    done
}
needs "$probe" publicsuffix dns-root-data ca-certificates libunbound8
needs "$deb" dcvprobe publicsuffix dns-root-data ca-certificates libunbound8 libsqlite3-0 systemd
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$out"/dcvd_*.changes || complain "lintian complains"
fi
[ $wrong -gt 0 ] || echo "$(basename "$probe"), $(basename "$deb"): $(wc -l <"$root/found") files"
exit $wrong
