#!/usr/bin/env bash
# Carries one dossier from submission to rating, over the HTTP API, against a running server:
#
#   target/debug/dossier serve        # in another terminal
#   examples/one-dossier.sh             # prints each answer; stops at the first that is an error
#
# The procedure is 2.000004, the registration of a promotion with prizes. It needs bash and
# curl 7.84 or later. A dossier with a fee: paid-dossier.py.
# U is the server's address, D the program `dossier`, N the number of the result: it is issued once.
# The tokens are signed with the development key of the server's data directory (DOSSIER_DATA).
set -euo pipefail

U=${U:-http://127.0.0.1:8080}
D=${D:-target/debug/dossier}
N=${N:-KM-$(date +%s)}
AGENCY=H26.14

token() { # ROLE [OPTION…]
  "$D" token --role "$1" --subject "$1-1" "${@:2}"
}

# Every write needs an Idempotency-Key of its own, so that a retry is answered and not done twice.
KEYS=$$-$(date +%s%N)
key() { # sets KEY; not in a subshell, where the count would be lost
  COUNT=$((${COUNT:-0} + 1)) KEY=$KEYS-$COUNT
}

# A write answers with a Consistency-Token; a request that carries it sees everything up to there.
SEEN='"0"'
post() { # TOKEN PATH [CURL OPTION…]; sets ANSWER and SEEN, prints the answer
  local token=$1 path=$2 answer
  shift 2
  key
  answer=$(curl -sS --fail-with-body "$U/v1/$path" -H "Authorization: Bearer $token" \
    -H "Idempotency-Key: $KEY" -H "Consistency-Token: $SEEN" "$@" \
    -w '\n%header{consistency-token}') || { echo "$path: $answer" >&2; return 1; }
  SEEN=${answer##*$'\n'}
  ANSWER=${answer%$'\n'*}
  echo "$ANSWER"
}

# A step on something that exists says which version it was decided on (If-Match).
step() { # TOKEN RESOURCE STEP BODY
  local etag
  etag=$(curl -sS -o /dev/null "$U/v1/$2" -H "Authorization: Bearer $1" \
    -H "Consistency-Token: $SEEN" -w '%header{etag}')
  post "$1" "$2/$3" -H "If-Match: $etag" --json "$4"
}

get() { # TOKEN PATH
  curl -sS --fail-with-body "$U/v1/$2" -H "Authorization: Bearer $1" -H "Consistency-Token: $SEEN"
  echo
}

upload() { # TOKEN TEXT; sets DOCUMENT
  key
  local answer
  answer=$(curl -sS --fail-with-body "$U/v1/documents" -H "Authorization: Bearer $1" \
    -H "Idempotency-Key: $KEY" -H 'Content-Type: application/pdf' --data-binary "%PDF-1.7 $2") ||
    { echo "documents: $answer" >&2; return 1; }
  echo "$answer"
  DOCUMENT=$(field document "$answer")
}

field() { # NAME JSON: the first text of that name
  grep -o "\"$1\":\"[^\"]*\"" <<<"$2" | head -n 1 | cut -d '"' -f 4
}

applicant=$(token applicant)
clerk=$(token clerk --agency "$AGENCY")
reviewer=$(token reviewer --agency "$AGENCY")
approver=$(token approver --agency "$AGENCY")

# 1. The applicant uploads what the procedure asks for, and submits.
year=$(($(date +%Y) + 1))
upload "$applicant" "the registration form"
form_02=$DOCUMENT
upload "$applicant" "the rules of the promotion"
rules=$DOCUMENT
post "$applicant" dossiers --json @- <<JSON
{
  "procedure": "2.000004",
  "agency": "$AGENCY",
  "channel": "online",
  "form": {
    "merchant": { "name": "Sao Mai", "tax_code": "0101234565", "phone": "02438220000" },
    "programme": {
      "name": "Quay số", "goods": "TV", "from": "$year-03-01", "to": "$year-03-31",
      "prizes_vnd": 90000000
    }
  },
  "documents": [
    { "component": "form_02", "file_name": "02.pdf", "document": "$form_02" },
    { "component": "rules", "file_name": "03.pdf", "document": "$rules" }
  ]
}
JSON
id=$(field id "$ANSWER")
code=$(field code "$ANSWER")

# 2. The one-stop unit accepts it: the statutory clock starts, and a date is promised.
step "$clerk" "dossiers/$id" acceptance '{}'

# 3. An officer claims it, works on it and proposes a decision; a second officer decides.
step "$reviewer" "reviews/$id" claim '{}'
step "$reviewer" "reviews/$id" activities '{"activity":"appraisal"}'
step "$reviewer" "reviews/$id" decision-proposals '{"outcome":"approved","reason":"complete"}'
proposal=$(field proposal "$ANSWER")
step "$approver" "reviews/$id" decision "{\"proposal\":\"$proposal\"}"

# 4. The result is issued, and the applicant downloads it: that is its delivery.
upload "$approver" "the signed result"
step "$approver" "deliveries/$id" result "{\"number\":\"$N\",\"document\":\"$DOCUMENT\"}"
step "$applicant" "deliveries/$id" downloads '{}'
curl -sS --fail-with-body "$U/v1/deliveries/$id/document" -H "Authorization: Bearer $applicant" \
  -H "Consistency-Token: $SEEN" -o "${RESULT:-/dev/null}"

# 5. The applicant rates the handling.
post "$applicant" "ratings/$id" --json '{"score":5}'

# 6. How the promised date was computed; what happened; and what the public look-up shows.
get "$applicant" "dossiers/$id/deadline"
get "$applicant" "register/dossiers/$id/timeline"
curl -sS --fail-with-body "$U/v1/register/lookup/$code" -H "Consistency-Token: $SEEN"
echo
