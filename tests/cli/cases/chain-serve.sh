# chain serve: what it refuses before it listens. What it serves is tests/rpc's.
expect 2 'has no slots to serve' chain serve --profile fixed:2s --port 0
expect 2 'outside 0.001 to 1000' chain serve --time-scale 5000 --port 0
expect 2 "no chain profile nowhere" chain serve --profile nowhere --port 0
expect 3 '999.1.1.1' chain serve --listen 999.1.1.1 --port 0
expect 2 'port' chain serve --port 70000
