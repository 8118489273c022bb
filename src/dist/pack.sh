#!/bin/sh
# Builds the programs with everything linked in and packs target/dist: an archive, and where dpkg-deb is, a .deb.
# TARGET names another target than the one that is looked for here.
set -eu
cd "$(dirname "$0")/../.."
cargo=${CARGO:-cargo}
machine=$(uname -m)
out=target/dist
root=$out/root

# With musl, a program needs nothing of the machine. Where Rust has no musl to offer, glibc can be linked in too, but
# looks for some of its own files when a host name is to be resolved.
musl=$machine-unknown-linux-musl
if [ -z "${TARGET:-}" ]; then
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] || rustup target add "$musl"; then
        TARGET=$musl
    else
        TARGET=$machine-unknown-linux-gnu
        echo "pack.sh: no $musl here; linking glibc in" >&2
    fi
fi
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static -C strip=symbols" \
    "$cargo" build --release --features terminal --target "$TARGET" --bins

architecture=$(dpkg --print-architecture 2>/dev/null || echo "$machine")
rm -rf "$out"
mkdir -p "$root/usr/bin" "$root/usr/share/doc/chatroom"
"$cargo" run --quiet --example dist -- "$root" "$architecture"
for program in chat-server chat-client halfcopy; do
    install -m 755 "target/$TARGET/release/$program" "$root/usr/bin/"
done
cp ./*.md LICENSE-* "$root/usr/share/doc/chatroom/"
find "$root" -name '*.1' -exec gzip -9n {} +
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f ! -path '*/bin/*' -exec chmod 644 {} +

version=$(sed -n 's/^Version: //p' "$root/DEBIAN/control")
# Times in a package are those of the last commit, so that the same source gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

archive=chatroom-$version-$TARGET
tar --create --gzip --file "$out/$archive.tar.gz" --directory "$root" --exclude ./DEBIAN --transform "s,^\.,$archive," \
    --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" .
echo "$out/$archive.tar.gz"

if command -v dpkg-deb >/dev/null; then
    echo "Installed-Size: $(du -sk --exclude DEBIAN "$root" | cut -f 1)" >>"$root/DEBIAN/control"
    (cd "$root" && find etc usr -type f -exec md5sum {} +) | sort -k 2 >"$out/md5sums"
    mv "$out/md5sums" "$root/DEBIAN/md5sums"
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group --build "$root" "$out/chatroom_${version}_$architecture.deb" >/dev/null
    echo "$out/chatroom_${version}_$architecture.deb"
else
    echo "pack.sh: no dpkg-deb here; no .deb" >&2
fi
