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
