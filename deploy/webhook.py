"""Receives Alertmanager's webhook notifications and prints one line per alert.

    python3 deploy/webhook.py [ADDRESS:PORT]        default 127.0.0.1:9095

For demonstrations; the last part of the path is the name of Alertmanager's receiver.
"""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_LIMIT = 4 << 20


class Webhook:
    """A server on loopback that keeps what it receives: dictionaries with time, receiver, status, labels, annotations."""

    def __init__(self, address="127.0.0.1", port=0, on_alert=None):
        self._alerts = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                try:
                    length = int(self.headers.get("Content-Length", ""))
                    if not 0 <= length <= BODY_LIMIT:
                        raise ValueError("length")
                    found = outer._read(self.path.rsplit("/", 1)[-1], json.loads(self.rfile.read(length)))
                except (ValueError, KeyError, TypeError, AttributeError):
                    self.close_connection = True
                    return self._answer(400, b"not a notification of Alertmanager\n")
                for alert in found:
                    if on_alert:
                        on_alert(alert)
                self._answer(200, b"ok\n")

            def do_GET(self):
                self._answer(200, b"ok\n")

            def _answer(self, code, body):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer((address, port), Handler)
        self.port = self._server.server_address[1]

    def _read(self, receiver, notification):
        now = time.time()
        found = [
            {
                "time": now,
                "receiver": receiver,
                "status": alert["status"],
                "labels": dict(alert["labels"]),
                "annotations": dict(alert.get("annotations", {})),
            }
            for alert in notification["alerts"]
        ]
        with self._lock:
            self._alerts += found
        return found

    @property
    def alerts(self):
        """Everything received so far, oldest first."""
        with self._lock:
            return list(self._alerts)

    def start(self):
        """Serves in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self):
        """Serves in this thread."""
        self._server.serve_forever()

    def stop(self):
        """Ends the thread and frees the port."""
        self._server.shutdown()
        self._server.server_close()


def line(alert):
    """One line for people."""
    labels = alert["labels"]
    about = " ".join(labels[k] for k in ("model", "version", "kind", "feature", "instance") if labels.get(k))
    text = alert["annotations"].get("description", "").strip()
    return f"{alert['status'].upper()} {labels.get('alertname')} {about} -> {alert['receiver']}: {text}"


def main():
    address, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9095").rpartition(":")
    try:
        Webhook(address, int(port), lambda alert: print(time.strftime("%H:%M:%S"), line(alert), flush=True)).serve()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
