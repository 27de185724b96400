#!/usr/bin/env bash
# gifts.sh save PAGE QUESTION ANSWER | list | follow [LAST_EVENT_ID]. Needs bash 4.4, curl 7.84 and jq; set GIFT_SPINE (address), GIFT_SPINE_TOKEN (a reader's).
set -euo pipefail
base=${GIFT_SPINE:-http://localhost:8000} reader=(${GIFT_SPINE_TOKEN:+--header "Authorization: Bearer $GIFT_SPINE_TOKEN"})
# repeats what was not answered, and waits for as long as Retry-After says
call() { curl --silent --show-error --fail-with-body --max-time 10 --retry 20 --retry-connrefused "${reader[@]}" "$@"; }

save() {
    local key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') # makes a repetition the same gift
    local gift=$(jq -n --argjson page "$1" --arg question "$2" --arg answer "$3" '{page_id: $page, $question, $answer}')
    call --output /dev/null --write-out '%header{location}\n' "$base/vault/save" --json "$gift" --header "Idempotency-Key: $key"
}

list() {
    local path='/vault/list?limit=100' headers=$(mktemp)
    while [[ $path ]]; do
        call --dump-header "$headers" "$base$path" | jq --compact-output '.[]'
        path=$(sed -nE 's/^link: <([^>]*)>; rel="next".*/\1/Ip' "$headers")
    done
    rm "$headers"
}

follow() {
    local last=${1:-} line id=${1:-} kind= data=
    while :; do
        while IFS= read -r line; do
            case $line in
                event:*) kind=${line#event: } ;;
                id:*) id=${line#id: } ;;
                data:*) data=${line#data: } ;;
                '') [[ $kind != gift ]] || printf '%s\n' "$data"; last=$id ;; # the event is whole
            esac
        done < <(curl --silent --no-buffer "${reader[@]}" "$base/vault/stream" ${last:+--header "Last-Event-ID: $last"})
        sleep 1 # what is missed meanwhile comes after the last id
    done
}

[[ "${1-} $#" =~ ^(save 4|list 1|follow [12])$ ]] || { sed -n '2s/^# /usage: /p' "$0" >&2; exit 2; }
"$@"
