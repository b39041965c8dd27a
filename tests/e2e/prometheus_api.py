"""A server that answers the query API of Prometheus, as told by the expression it is asked.

usage: prometheus_api.py PORT [SECONDS that its clock is ahead]
"""
import http.server
import json
import math
import sys
import time
import urllib.parse

AHEAD = float(sys.argv[2]) if len(sys.argv) > 2 else 0
WAITED = {"n": 0}


def vector(series, at):
    return [{"metric": m, "value": [at, v]} for m, v in series]


ESC = "\x1b[2Jred\u202e"
SERIES = {
    "up": [({"__name__": "up", "instance": "b:1", "job": "x"}, "1"),
           ({"__name__": "up", "instance": "a:1", "job": "x"}, "0")],
    "evil": [({"__name__": "evil", "note": ESC}, "NaN")],
    "infinite": [({}, "+Inf")],
    "nothing": [],
    "many": [({"i": "%04d" % i}, str(i)) for i in range(1200)],
}
NATIVE = {"count": "4", "sum": "6", "buckets": [[0, "1", "2", "4"]]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + AHEAD)

    def send(self, status, document, headers=()):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, words, headers=()):
        self.send(status, {"status": "error", "errorType": kind, "error": words}, headers)

    def give(self, kind, result, **more):
        self.send(200, {"status": "success", "data": {"resultType": kind, "result": result}} | more)

    def do_GET(self):
        if self.path == "/api/v1/alerts":
            self.send(200, {"status": "success", "data": {"alerts": []}})
        elif self.path == "/api/v1/status/buildinfo":
            self.send(200, {"status": "success", "data": {"version": "3.1.0"}})
        else:
            self.send(404, {})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        form = {k: v[-1] for k, v in urllib.parse.parse_qs(self.rfile.read(length).decode()).items()}
        query = form["query"]
        if query == "sum(up":
            self.refuse(400, "bad_data",
                        'invalid parameter "query": 1:7: parse error: unclosed left parenthesis')
        elif query == "slow":
            WAITED["n"] += 1
            if WAITED["n"] < 3:
                self.refuse(429, "", "slow down", [("Retry-After", "0")])
            else:
                self.give("scalar", [1, "3"])
        elif query == "broken":
            self.refuse(503, "timeout", "query timed out in expression evaluation")
        elif self.path.endswith("query_range"):
            self.range(query, form)
        elif query == "native":
            self.give("vector", [{"metric": {"__name__": "native"},
                                  "histogram": [float(form["time"]), NATIVE]}])
        elif query == "missing":
            self.give("vector", [], warnings=["store " + ESC + " is gone"])
        else:
            self.give("vector", vector(SERIES.get(query, []), float(form["time"])))

    def range(self, query, form):
        start, end, step = (float(form[k]) for k in ("start", "end", "step"))
        if (end - start) / step > 200 and query == "coarse":
            self.refuse(400, "bad_data", "exceeded maximum resolution of 200 points per timeseries")
            return
        times = [start + i * step for i in range(int((end - start) / step) + 1)]
        if query == "native":
            self.give("matrix", [{"metric": {}, "histograms": [[t, NATIVE] for t in times]}])
            return
        names = ["coarse"] if query == "coarse" else ["b", "a"]
        self.give("matrix", [
            {"metric": {"__name__": "wave_seconds", "path": n},
             "values": [[t, str(math.sin(i / 10 + k) + 2)] for i, t in enumerate(times)]}
            for k, n in enumerate(names)])


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
