"""A real browser: headless Chromium, driven over the plain HTTP of WebDriver.

Browser owns one chromedriver and one window with a profile of its own. Relay stands between a
browser and a server and adds a header to each request, which an HTML form cannot; all other bytes
pass as they are.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

import requests

from harness import eventually

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that WebDriver gives its elements
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--no-proxy-server"]
PORT = re.compile(r"was started successfully on port (\d+)")


class Browser:
    def __init__(self, directory):
        self._log = open(directory / "chromedriver.log", "w+b")
        # A group of its own, so that whatever the driver started ends with it.
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self._log,
                                        stderr=self._log, stdin=subprocess.DEVNULL,
                                        start_new_session=True)
        self._http = requests.Session()
        self._http.trust_env = False
        try:
            self._url = f"http://127.0.0.1:{eventually(self._port, 20, 'chromedriver')}"
            options = {"args": [*FLAGS, f"--user-data-dir={directory / 'profile'}"]}
            wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome",
                                                       "goog:chromeOptions": options}}}
            self._url += "/session/" + self._command("POST", "/session", wanted)["sessionId"]
        except BaseException:
            self._end()
            raise

    def _port(self):
        assert self._driver.poll() is None, "chromedriver ended"
        self._log.seek(0)
        told = PORT.search(self._log.read().decode(errors="replace"))
        return told and told[1]

    def _command(self, method, path, body=None):
        answer = self._http.request(method, self._url + path, json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def open(self, url):
        self._command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What the body of a function returns in the page; promises are awaited."""
        return self._command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def choose_file(self, selector, path):
        """As a person does who picks a file for an input of a form."""
        element = self._command("POST", "/element", {"using": "css selector", "value": selector})
        self._command("POST", f"/element/{element[ELEMENT]}/value", {"text": str(path)})

    def close(self):
        try:
            self._command("DELETE", "")
        finally:
            self._end()

    def _end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._driver.pid, signal.SIGTERM)
        self._driver.wait(20)
        self._log.close()


class Relay:
    """One request for each connection, with `header` added to it."""

    def __init__(self, port, header):
        self._port, self._header = port, header.encode() + b"\r\nConnection: close\r\n"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self._port)) as server, \
                contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = client.recv(65536)
                if not received:
                    return
                head += received
            line, rest = head.split(b"\r\n", 1)
            rest = re.sub(rb"(?i)(^|\r\n)connection: [^\r]*\r\n", rb"\1", rest, count=1)
            server.sendall(line + b"\r\n" + self._header + rest)
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server, ends=False)
            back.join()


def pump(source, sink, ends=True):
    """Passes bytes on until there are no more; then says so, if `ends`."""
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            sink.sendall(received)
    if ends:
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
