#!/usr/bin/env python3
"""gifts.py save PAGE QUESTION ANSWER | list | follow [LAST_EVENT_ID]. Needs requests; set GIFT_SPINE (address), GIFT_SPINE_TOKEN (a reader's)."""
import json, os, sys, time, urllib.parse, uuid
import requests
from requests.adapters import HTTPAdapter, Retry
BASE, TOKEN = os.environ.get("GIFT_SPINE", "http://localhost:8000"), os.environ.get("GIFT_SPINE_TOKEN")
http = requests.Session()
http.headers.update({"Authorization": f"Bearer {TOKEN}"} if TOKEN else {})
http.hooks["response"] = lambda response, *_, **__: response.raise_for_status()
# repeats what was not answered, and waits for as long as Retry-After says
http.mount(BASE, HTTPAdapter(max_retries=Retry(20, backoff_factor=0.5, status_forcelist=[429, 503], allowed_methods=None)))

def save(page, question, answer):
    gift = {"page_id": int(page), "question": question, "answer": answer}
    key = {"Idempotency-Key": str(uuid.uuid4())}  # makes a repetition the same gift
    print(http.post(BASE + "/vault/save", json=gift, headers=key, timeout=10).headers["Location"])

def pages(path="/vault/list?limit=100"):
    while path:
        response = http.get(urllib.parse.urljoin(BASE, path), timeout=10)
        print(*map(json.dumps, response.json()), sep="\n")
        path = response.links.get("next", {}).get("url")

def follow(last=None):
    while True:
        try:
            with http.get(BASE + "/vault/stream", headers={"Last-Event-ID": last}, stream=True, timeout=(10, 60)) as stream:
                event = {}
                for line in stream.iter_lines(chunk_size=1):  # each gift when it comes, not when a block is full
                    field, _, event[field] = line.decode().partition(": ")
                    if not line:  # the event is whole
                        if event.get("event") == "gift":
                            print(event["data"], flush=True)
                        last, event = event.get("id", last), {}
        except requests.RequestException:
            time.sleep(1)  # what is missed meanwhile comes after the last id

command = {("save", 3): save, ("list", 0): pages, ("follow", 0): follow, ("follow", 1): follow}.get((*sys.argv[1:2], len(sys.argv) - 2))
command(*sys.argv[2:]) if command else sys.exit(print("usage:", __doc__, file=sys.stderr) or 2)
