"""A node of a given executable with its own folder, started and stopped by a benchmark."""
import os
import pathlib
import signal
import ssl
import subprocess
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname, CONTEXT.verify_mode = False, ssl.CERT_NONE


class Node:
    """A running node; `settings` are the lines of its configuration below data_dir and listen."""

    def __init__(self, executable, folder, port, settings, token):
        self.folder, self.port = pathlib.Path(folder), port
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data, self.config = self.folder / "data", self.folder / "bellwether.yaml"
        self.config.write_text(
            f"data_dir: {self.data}\nlisten: {{address: \"127.0.0.1:{port}\"}}\n{settings}")
        self.token_file = self.data / "tokens" / token
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [executable, "serve", "--config", self.config], stdout=self.log, stderr=self.log)
        self.wait_until_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self, path="/readyz"):
        """Returns when `path` is answered and the token exists; ends the process if neither
        happens within two minutes."""
        try:
            if self.is_ready_in_time(path):
                return
        except BaseException:
            self.process.kill()
            raise
        self.process.kill()
        said = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise SystemExit(f"not ready: {self.process.args}\n{said}")

    def is_ready_in_time(self, path):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                urllib.request.urlopen(self.url(path), context=CONTEXT, timeout=2).read()
                if self.token_file.exists() and self.token_file.stat().st_size:
                    return True
            except OSError:
                pass
            time.sleep(0.05)
        return False

    def cpu(self):
        """The CPU seconds of the process."""
        words = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / TICKS

    def cpu_when_idle(self, seconds):
        """The CPU seconds once the node uses at most 3 % of a core, or after `seconds`."""
        deadline, last = time.monotonic() + seconds, -1.0
        while (now := self.cpu()) - last > 0.015 and time.monotonic() < deadline:
            last = now
            time.sleep(0.5)
        return now

    def unsealed(self):
        """The names of closed segments that are not archived yet."""
        return [name for name in os.listdir(self.data / "log")
                if name.endswith(".jsonl") and name != "active.jsonl"]
