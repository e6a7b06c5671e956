#!/usr/bin/env bash
# Makes hashes.json: SHA-1 by sha1sum over Reloader's documented encoding, so that no code of this repository takes part.
# Entries are `key=value` bytes, sorted as bytes, joined with `;`. They are kept as hexadecimal: it sorts as its bytes do
# and it can hold what a shell variable cannot.
#
#   test/compat/vectors/make-hashes.sh > test/compat/vectors/hashes.json && npx prettier --write test/compat/vectors
set -euo pipefail
export LC_ALL=C

to_hex() { od -An -v -tx1 | tr -d ' \n'; }
from_hex() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }

quote() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\r'/\\r}
  text=${text//$'\t'/\\t}
  printf '"%s"' "$text"
}

separator=''
fields=''
entries=''

begin() { title=$1 kind=$2 class=${3-} fields='' binaries='' entries=''; }

# text KEY VALUE: one entry of a ConfigMap's data.
text() {
  fields+="${fields:+,}$(quote "$1"):$(quote "$2")"
  entries+="$(printf '%s=%s' "$1" "$2" | to_hex)"$'\n'
}

# binary KEY HEX: one entry of a ConfigMap's binaryData; what is hashed is its base64.
binary() {
  local encoded
  encoded=$(from_hex "$2" | base64 -w0)
  binaries+="${binaries:+,}$(quote "$1"):$(quote "$encoded")"
  entries+="$(printf '%s=%s' "$1" "$encoded" | to_hex)"$'\n'
}

# secret KEY HEX: one entry of a Secret; what is hashed are its bytes.
secret() {
  local encoded
  encoded=$(from_hex "$2" | base64 -w0)
  fields+="${fields:+,}$(quote "$1"):$(quote "$encoded")"
  entries+="$(printf '%s=' "$1" | to_hex)$2"$'\n'
}

# plain KEY VALUE: a Secret's entry given as text.
plain() { secret "$1" "$(printf '%s' "$2" | to_hex)"; }

# object ID VERSION: one object of a SecretProviderClassPodStatus.
object() {
  fields+="${fields:+,}{\"id\":$(quote "$1"),\"version\":$(quote "$2")}"
  entries+="$(printf '%s=%s' "$1" "$2" | to_hex)"$'\n'
}

finish() {
  local content joined hash
  case $kind in
    ConfigMap) content="\"data\":{$fields},\"binaryData\":{$binaries}" ;;
    Secret) content="\"data\":{$fields}" ;;
    SecretProviderClass)
      content="\"className\":$(quote "$class"),\"objects\":[$fields]"
      entries+="$(printf 'SecretProviderClassName=%s' "$class" | to_hex)"$'\n'
      ;;
  esac
  joined=$(printf '%s' "$entries" | sort | paste -sd' ' - | sed 's/ /3b/g')
  hash=$(from_hex "$joined" | sha1sum | cut -d' ' -f1)
  printf '%s\n{"title":%s,"content":{"kind":"%s",%s},"hash":"%s"}' "$separator" "$(quote "$title")" "$kind" "$content" "$hash"
  separator=','
}

printf '['
source "$(dirname "${BASH_SOURCE[0]}")/hash-cases.sh"
printf '\n]\n'
