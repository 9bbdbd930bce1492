#!/usr/bin/env bash
# Builds Lua with lua-cjson 2.1.0, from the sources that Debian keeps: Lua 5.1.5 into ../lua-5.1.generated.ts, and Lua
# 5.4.4, which only tests use, into test/support/lua-5.4.generated.ts. Needs Debian's packages emscripten and curl.
# Usage: build.sh 5.1|5.4 [folder with the two source archives]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pool=http://deb.debian.org/debian/pool/main/l
fetch() { # archive, folder in the pool, SHA-256
  if [ -n "${sources:-}" ]; then cp "$sources/$1" "$work"; else curl -sSfo "$work/$1" "$pool/$2/$1"; fi
  echo "$3  $work/$1" | sha256sum --check --quiet
  tar -xf "$work/$1" -C "$work"
}
version=$1
sources=${2:-}
case $version in
  5.1)
    fetch lua5.1_5.1.5.orig.tar.gz lua5.1 2640fc56a795f29d28ef15e13c34a47e223960b0240e8cb0a82d9b0738695333
    lua=$work/lua-5.1.5/src
    flags=-fgnu89-inline
    to=$here/../lua-5.1.generated.ts
    ;;
  5.4)
    fetch lua5.4_5.4.4.orig.tar.gz lua5.4 164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
    lua=$work/lua-5.4.4/src
    flags=
    to=$here/../../../../test/support/lua-5.4.generated.ts
    ;;
  *) echo "there is no Lua $version here: 5.1 or 5.4" >&2; exit 2 ;;
esac
fetch lua-cjson_2.1.0+dfsg.orig.tar.gz lua-cjson 94f1fce36742cf00e99c5071b309b9f71e6e7daf60a7151f7bf4ac0a97259ac4
cjson=$(echo "$work"/lua-cjson-*)
core=$(ls "$lua"/*.c | grep -vE '/(lua|luac|print|loadlib|liolib|loslib|ldblib|linit|ldo)\.c$')
common="-O3 -w -DNDEBUG -I$lua -I$cjson"
for file in $core "$cjson"/lua_cjson.c "$cjson"/strbuf.c "$cjson"/fpconv.c "$here"/bridge.c; do
  emcc $common $flags -c "$file" -o "$work/$(basename "$file" .c).o"
done
em++ $common -fwasm-exceptions -c "$here/throw.cpp" -o "$work/throw.o"
em++ -O3 -fwasm-exceptions -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=2mb -sTOTAL_STACK=512kb \
  -sMALLOC=emmalloc -sERROR_ON_UNDEFINED_SYMBOLS=0 "$work"/*.o -o "$work/lua.wasm"
node "$here/embed-wasm.mjs" "$work/lua.wasm" "$to" "$version"
