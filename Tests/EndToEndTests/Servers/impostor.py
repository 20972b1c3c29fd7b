"""Passes for a collector: answers whatever it is asked over HTTPS, shows a CA that it does not hold, and writes down each request.

A request for the CA is answered with --ca; any other one with 200, and its line goes to --log with the body behind it.
"""
import argparse
import http.server
import ssl

parser = argparse.ArgumentParser()
for option in ("port", "chain", "key", "ca", "log"):
    parser.add_argument(f"--{option}", required=True)
options = parser.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        shown = b"{}"
        if self.path in ("/v1/ca", "/v1/ca/agents"):
            shown = open(options.ca, "rb").read()
        else:
            with open(options.log, "ab") as log:
                log.write(f"{self.command} {self.path} ".encode() + body + b"\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(shown)))
        self.end_headers()
        self.wfile.write(shown)

    do_GET = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *arguments):
        pass


server = Server(("127.0.0.1", int(options.port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.chain, options.key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("the impostor listens", flush=True)
server.serve_forever()
