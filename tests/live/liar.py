"""tests/live/liar.py ANSWER: a server that answers every connection with the same bytes ("silence": with none).

Prints its port and serves until it is ended, a minute at the most. Escapes as in C are resolved."""
import socket
import sys
import threading
import time

answer = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")


def serve(connection):
    with connection:
        connection.settimeout(5)
        try:
            connection.recv(65536)
            if answer == b"silence":
                time.sleep(5)
            else:
                connection.sendall(answer)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    server.settimeout(60)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            connection, _ = server.accept()
        except OSError:
            break
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
