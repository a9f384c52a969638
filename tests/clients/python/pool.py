"""A development pool for tests: starts `xenith up` in a folder of its own, stops it at the end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import XenAPI

READY_WITHIN_S = 120
# No word that stands in logs for another reason.
PASSWORD = "horse battery"


def secrets_in_logs(folder, secrets):
    """`file:line` of every line of a log below the folder that holds one of the secrets."""
    found = []
    for path, _, names in os.walk(folder):
        for name in (name for name in names if ".log" in name):
            log = os.path.join(path, name)
            with open(log, "rb") as file:
                for number, line in enumerate(file, 1):
                    if any(secret.encode() in line for secret in secrets):
                        found.append(f"{log}:{number}")
    return found


def free_ports(count):
    """Ports that are free on 127.0.0.1 to 127.0.0.3 now."""
    ports = []
    while len(ports) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in ports and all(bindable(f"127.0.0.{k}", port) for k in (2, 3)):
            ports.append(port)
    return ports


def bindable(address, port):
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


class Pool:
    def __init__(self, xenith, *extra):
        self.xenith = xenith
        self.dir = tempfile.mkdtemp(prefix="xenith-pool-")
        self.http_port, tls_port, link_port = free_ports(3)
        command = [xenith, "up", "--dir", self.dir, "--http-port", str(self.http_port)]
        command += ["--tls-port", str(tls_port), "--link-port", str(link_port), "--password", PASSWORD]
        command += ["--config-set", "log.filter=debug,openraft=info", *extra]
        self.secrets = {PASSWORD, "PRIVATE KEY", "$argon2"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.others = []
        self._wait_ready()

    def _wait_ready(self):
        lines = []
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                lines.append(line)
                if line.strip() == "ready":
                    ready.set()

        threading.Thread(target=read, daemon=True).start()
        deadline = time.monotonic() + READY_WITHIN_S
        while not ready.wait(0.2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(keep=True)
                raise RuntimeError(f"the pool did not become ready: {''.join(lines)}; logs in {self.dir}")

    def facts(self):
        with open(os.path.join(self.dir, "pool.json"), encoding="utf-8") as file:
            return json.load(file)

    def url(self, number):
        return f"http://127.0.0.{number}:{self.http_port}"

    def login(self, number=1):
        session = XenAPI.Session(self.url(number))
        session.login_with_password("root", self.facts()["password"], "2.23", "tests")
        self.secrets.add(session.handle.removeprefix("OpaqueRef:"))
        return session

    def leaks(self):
        """Lines of logs that hold what this pool's clients were given."""
        return secrets_in_logs(self.dir, self.secrets)

    def coordinator(self):
        """The number of the host that takes logins now."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for number in range(1, len(self.facts()["hosts"]) + 1):
                try:
                    self.login(number)
                    return number
                except (XenAPI.Failure, OSError):
                    pass
            time.sleep(0.05)
        raise RuntimeError("no coordinator within 30 s")

    def kill(self, number, signal_number=signal.SIGKILL):
        os.kill(self.facts()["hosts"][number - 1]["pid"], signal_number)

    def start_again(self, number):
        command = [self.xenith, "up", "--dir", self.dir, "--host", str(number)]
        self.others.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    def stop(self, keep=False):
        for process in [*self.others, self.process]:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in [*self.others, self.process]:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop(keep=kind is not None)
        if kind is not None:
            print(f"logs are kept in {self.dir}")
