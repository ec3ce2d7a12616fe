# chain serve: what it refuses before it listens. What it serves is tests/rpc's.
expect 2 'has no slots to serve' chain serve --profile fixed:2s --port 0
expect 2 'outside 0.001 to 1000' chain serve --time-scale 5000 --port 0
expect 2 "no chain profile nowhere" chain serve --profile nowhere --port 0
expect 3 '999.1.1.1' chain serve --listen 999.1.1.1 --port 0
expect 2 'port' chain serve --port 70000
# chain probe: what it refuses before it asks anybody, and nobody to ask. What it sees is tests/rpc/port.sh's.
expect 2 'is not http://HOST' chain probe --url ftp://127.0.0.1
expect 2 'stands there twice' chain probe --url http://127.0.0.1:1,http://127.0.0.1:1
expect 2 'at least 1ms' chain probe --poll 10ns
expect 2 'at least 10ms' chain probe --request-timeout 1ms
expect 2 'processed, confirmed' chain probe --commitment certain
expect 3 'no endpoint answers' chain probe --url http://127.0.0.1:1 --transactions 1
expect 2 'no key pair' chain probe --wallet "$(file key '[1, 2, 3]')"
one_line chain probe --url http://127.0.0.1:1 --transactions 1

# Two lengths in one head: 400, whoever stands in between may believe the other one.
"$agenc" chain serve --profile localnet --port 0 > "$work/serve.out" 2> "$work/serve.err" < /dev/null &
served=$!
for _ in {1..100}; do [[ -s $work/serve.out ]] && break || sleep 0.1; done
read -r address _ < "$work/serve.out"
port=${address##*:}
python3 - "$port" << 'PY' > "$work/out" 2> "$work/err"
import json, socket, sys, urllib.request
port = int(sys.argv[1])
def status(head):
    with socket.create_connection(("127.0.0.1", port), 5) as s:
        s.sendall(head)
        return s.recv(64).split()[1].decode()
head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: %d\r\n\r\n1"
assert status((head % 5).encode()) == "400"
assert status((head % 1).encode()) != "400"
assert "requests" in json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/status"))
# Every transaction lost: the probe says what it waited for, in the time it was given.
body = json.dumps({"chance": 1, "ms": 600000}).encode()
urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/drop", body).read()
PY
verdict $? "two lengths are refused, the counters can be read with GET"
expect 3 'airdrop was not confirmed within 2 s' chain probe --url "$address" --transactions 1 --timeout 2s
kill -INT "$served"
wait "$served"
