#!/bin/bash
# rpm.sh OUTDIR: the RPM packages can be built of this tree, rpmlint finds no error in them, and their programs run. Run
# by hand; on Debian with its rpmbuild, which is not told of Debian's libraries, so what the packages need is not tested.
#
#     apt-get install rpm rpmlint
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?rpm.sh OUTDIR}
for program in rpmbuild rpmlint; do
    command -v "$program" >/dev/null || {
        echo "rpm.sh: skipped: $program is missing: apt-get install rpm rpmlint" >&2
        exit 77
    }
done
rm -rf "$out"
mkdir -p "$out/SOURCES"
out=$(cd "$out" && pwd)
spec=$top/contrib/rpm/dcvd.spec
version=$(sed -n 's/^Version: *//p' "$spec")
git -C "$top" ls-files -z --cached --others --exclude-standard |
    tar -C "$top" --null --ignore-failed-read --transform "s,^,dcvd-$version/," -czf "$out/SOURCES/dcvd-$version.tar.gz" -T -
wrong=0
rpmlint -c "$top/contrib/rpm/rpmlint.toml" "$spec" || wrong=1
rpmbuild -bb --nodeps --define "_topdir $out" --define "_prefix /usr" --define "_sysconfdir /etc" \
    --define "_unitdir /usr/lib/systemd/system" --define "_sysusersdir /usr/lib/sysusers.d" \
    --define "_tmpfilesdir /usr/lib/tmpfiles.d" --define "debug_package %{nil}" "$spec" >"$out/build.log" 2>&1 || {
    tail -n 30 "$out/build.log"
    echo "rpm.sh: the build fails; all its output is in $out/build.log"
    exit 1
}
for package in "$out"/RPMS/*/*.rpm; do
    rpmlint -c "$top/contrib/rpm/rpmlint.toml" "$package" || wrong=1
    mkdir -p "$out/root"
    (cd "$out/root" && rpm2cpio "$package" | cpio -idm --quiet)
done
for program in dcvd dcvprobe; do "$out/root/usr/bin/$program" --version || wrong=1; done
"$out/root/usr/bin/dcvd" --check-config --config "$out/root/etc/dcvd/dcvd.conf" || wrong=1
exit $wrong
