"""Lends a browser the cookie of a session: cookie_proxy.py BASE COOKIE [ACCEPT-LANGUAGE]."""
import http.server
import json
import sys
import threading
import urllib.error
import urllib.request

base, cookie = sys.argv[1], sys.argv[2]
language = sys.argv[3] if len(sys.argv) > 3 else "en"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        request = urllib.request.Request(base + self.path, headers={"Cookie": cookie, "Accept-Language": language})
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
        print(json.dumps({"path": self.path, "status": answer.status}), flush=True)
        self.send_response(answer.status)
        for name in ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": str(server.server_port)}), flush=True)
sys.stdin.read()
