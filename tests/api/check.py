"""Starts a demo, gets a token of it, talks a little, and lets schemathesis ask it. The exit code is that of schemathesis, or 1."""

import os
import re
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

HERE = Path(__file__).parent
PATIENCE = 60.0
# Named in hooks.py: the run does not take its own token away.
TOKEN = "the-test"


def shown(demo, pattern):
    """What the demo prints that has this form."""
    selector = selectors.DefaultSelector()
    selector.register(demo.stdout, selectors.EVENT_READ)
    seen = b""
    while not (found := re.search(pattern, seen)):
        if not selector.select(PATIENCE):
            sys.exit(f"the demo did not print {pattern!r} within {PATIENCE:.0f} s:\n{seen.decode()}")
        more = os.read(demo.stdout.fileno(), 4096)
        if not more:
            sys.exit(f"the demo ended:\n{seen.decode()}")
        seen += more
    return found


def token_of(base, key):
    """An administrator's token, made with the one-time key as a browser would."""
    browser = requests.Session()
    entered = browser.post(f"{base}/session", json={"key": key}, timeout=PATIENCE)
    entered.raise_for_status()
    csrf = {"X-Tipring-Csrf": entered.json()["csrf"]}
    wanted = {"name": TOKEN, "role": "administrator"}
    made = browser.post(f"{base}/tokens", json=wanted, headers=csrf, timeout=PATIENCE)
    made.raise_for_status()
    return made.json()["token"]


class Laboratory:
    """The demo's telephones, used so that there is something to be asked for: a record, and calls under way."""

    def __init__(self, base, token):
        self.base, self.browser = base, requests.Session()
        self.browser.headers["Authorization"] = f"Bearer {token}"

    def phone(self, number, act):
        done = self.browser.post(f"{self.base}/phones/{number}", json=act, timeout=PATIENCE)
        done.raise_for_status()
        return done.json()["hears"]

    def until(self, what, is_so):
        """Looks with each event of the gateway: there is one a second at the least."""
        stop = time.monotonic() + PATIENCE
        with self.browser.get(f"{self.base}/events", stream=True, timeout=PATIENCE) as events:
            for line in events.iter_lines():
                if line.startswith(b"data:") and is_so():
                    return
                if time.monotonic() > stop:
                    break
        sys.exit(f"not within {PATIENCE:.0f} s: {what}")

    def calls(self, state):
        calls = self.browser.get(f"{self.base}/calls", timeout=PATIENCE).json()
        return [call["from"] for call in calls if call["state"] == state]

    def talk(self, caller, called):
        self.phone(caller, "off-hook")
        self.until(f"{caller} hears the dial tone", lambda: "dial-tone" in self.phone(caller, "hear"))
        self.phone(caller, {"dial": {"digits": called, "pulse": False}})
        self.until(f"{called} rings", lambda: caller in self.calls("ringing"))
        self.phone(called, "off-hook")
        self.until(f"{caller} talks", lambda: caller in self.calls("talking"))

    def fill(self):
        self.talk("101", "102")
        for number in ("101", "102"):
            self.phone(number, "on-hook")
        self.until("101 talks no more", lambda: not self.calls("talking"))
        self.talk("101", "102")
        self.talk("103", "104")


def ask(base, token, seconds, more):
    """The exit code of schemathesis."""
    reports = Path("target/api").resolve()
    reports.mkdir(parents=True, exist_ok=True)
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{base}/openapi.json", "--url", base, "--header", f"Authorization: Bearer {token}",
        "--checks", "all", "--max-time", seconds, "--no-color",
        "--report", "junit", "--report-junit-path", str(reports / "junit.xml"), *more,
    ]  # fmt: skip
    # The folder of the configuration holds no hooks that are found by themselves.
    return subprocess.run(command, env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}, check=False).returncode


def main():
    seconds, more = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="tipring-api-") as place, open(f"{place}/errors", "w+b") as errors:
        command = [os.environ["TIPRING"], "--dir", f"{place}/state", "demo"]
        command += ["--sip", "127.0.0.1:0", "--web", "127.0.0.1:0"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        try:
            found = shown(demo, rb"(http://[0-9.:]+)/\S*#key=([0-9a-f]+)")
            base, key = f"{found[1].decode()}/api/v1", found[2].decode()
            token = token_of(base, key)
            # Nobody reads on: the rest of what it prints must not fill the pipe.
            with subprocess.Popen(["cat"], stdin=demo.stdout, stdout=subprocess.DEVNULL):
                Laboratory(base, token).fill()
                code = ask(base, token, seconds, more)
                after = requests.get(f"{base}/status", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
                if after.status_code != 200 or demo.poll() is not None:
                    print(f"the gateway does not answer after the run: {after.status_code}")
                    code = code or 1
                panics = [alarm for alarm in after.json()["alarms"] if "panic" in str(alarm).lower()]
                if panics:
                    print(f"something panicked: {panics}")
                    code = code or 1
                demo.terminate()
                demo.wait(PATIENCE)
        finally:
            if demo.poll() is None:
                demo.kill()
        errors.seek(0)
        told = errors.read().decode(errors="replace")
        if "panicked" in told:
            print(told)
            code = code or 1
    sys.exit(code)


main()
