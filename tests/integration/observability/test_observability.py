#!/usr/bin/python3
"""What docker/ ships for Prometheus and Grafana: promtool takes it, and a real Prometheus that scrapes a real qvtd has
an answer to every question that the dashboard and the alerts ask."""

import json
import re
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402

DOCKER = harness.ROOT / "docker"
ALERTS = DOCKER / "prometheus/alerts.yaml"
DASHBOARD = json.loads((DOCKER / "grafana/dashboards/qvt.json").read_text())
KINDS = {"row", "stat", "timeseries"}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def metrics_in(expression):
    return set(re.findall(r"\b(?:qvt|process)_[a-z_]+\b", expression))


def questions():
    """(panel title, expression) of every target."""
    return [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


class Files(harness.TestCase):
    def test_promtool_takes_configuration_and_rules(self):
        run("promtool", "check", "config", DOCKER / "prometheus/prometheus.yaml")
        run("promtool", "check", "rules", ALERTS)

    def test_each_alert_fires_for_its_reason_only(self):
        text = (Path(__file__).parent / "alerts_test.yaml").read_text()
        path = Path(self.folder) / "alerts_test.yaml"
        path.write_text(text.replace("ALERTS\n", f"{ALERTS}\n", 1))
        run("promtool", "test", "rules", path)
        for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]:
            self.assertIn(f'alertname="{rule["alert"]}"', text)

    def test_dashboard_is_one_that_grafana_loads(self):
        self.assertEqual("qvt", DASHBOARD["uid"])
        self.assertIsInstance(DASHBOARD["schemaVersion"], int)
        names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
        ids = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        taken = set()
        for panel in DASHBOARD["panels"]:
            self.assertIn(panel["type"], KINDS)
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells
            if panel["type"] == "row":
                continue
            self.assertTrue(panel["targets"])
            references = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(references), len(set(references)))
            for part in [panel] + panel["targets"]:
                self.assertEqual({"type": "prometheus", "uid": "${datasource}"}, part["datasource"])
        for _, expression in questions():
            self.assertLessEqual(set(re.findall(r"\$(\w+)", expression)), names | {"__rate_interval"})

    def test_provisioning_meets_what_compose_mounts(self):
        compose = yaml.safe_load((DOCKER / "compose.observability.yaml").read_text())["services"]
        mounts = dict(volume.split(":")[:2] for volume in compose["grafana"]["volumes"])
        self.assertTrue((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").is_file())
        self.assertEqual("/etc/grafana/provisioning", mounts["./grafana/provisioning"])
        provider = yaml.safe_load((DOCKER / "grafana/provisioning/dashboards/qvt.yaml").read_text())["providers"][0]
        self.assertEqual(provider["options"]["path"], mounts["./grafana/dashboards"])
        source = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").read_text())
        url = urllib.parse.urlsplit(source["datasources"][0]["url"])
        self.assertIn(url.hostname, compose)
        self.assertTrue(compose[url.hostname]["ports"][0].endswith(f":{url.port}"))
        for service in compose.values():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), port)


class Answers(harness.TestCase):
    def prometheus(self, target):
        """A real one that scrapes `target` four times a second; returns its address."""
        folder = Path(self.folder)
        shipped = yaml.safe_load((DOCKER / "prometheus/prometheus.yaml").read_text())
        job = {"job_name": shipped["scrape_configs"][0]["job_name"], "static_configs": [{"targets": [target]}]}
        configuration = {
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [job],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
        address = f"127.0.0.1:{harness.free_port()}"
        with open(folder / "prometheus.log", "wb") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={address}"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return address

    def get(self, address, path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
            return json.load(answer)["data"]

    def ask(self, address, expression):
        return self.get(address, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))["result"]

    def use(self, server, turn):
        """Something of everything that is counted."""
        server.curl("POST", "/v1/silos", {"silo": {"silo_id": f"s-{turn}", "address": "10.0.0.1", "port": 1,
                                                   "actor_type_versions": {"A": {"version": "1.0.0"}}}})
        server.curl("POST", f"/v1/silos/s-{turn}/heartbeat", {})
        server.curl("GET", "/v1/actor-types/A/compatible-silos?version=1.0.0")
        server.curl("GET", "/v1/silos/nobody")
        server.curl("GET", "/v1/nowhere")

    def test_every_panel_has_data(self):
        server = self.serve(harness.LONG_LEASES)
        self.use(server, "first")
        beat = server.ticks()
        self.addCleanup(beat.close)
        address = self.prometheus(server.http)
        turn = 0

        def scraped_often():
            nonlocal turn
            turn += 1
            self.use(server, turn)
            try:
                # The last series to appear are those of the calls made above.
                return self.ask(address, 'count_over_time(qvt_calls_total{code="NOT_FOUND"}[1m]) >= 4')
            except OSError:
                return False

        deadline = time.monotonic() + harness.PATIENCE_S
        while not scraped_often():
            self.assertLess(time.monotonic(), deadline, (Path(self.folder) / "prometheus.log").read_text()[-2000:])
        served = metrics_in(server.curl("GET", "/metrics").body)
        for title, expression in questions():
            self.assertLessEqual(metrics_in(expression), served, title)
            expression = expression.replace("$__rate_interval", "1m").replace("$cluster", ".*").replace("$instance", ".*")
            self.assertTrue(self.ask(address, expression), f"{title}: nothing for {expression}")
        for variable in DASHBOARD["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
                self.assertIn(label, self.ask(address, metric)[0]["metric"])
        rules = lambda: [rule for group in self.get(address, "/api/v1/rules")["groups"] for rule in group["rules"]]
        harness.until(lambda: all(rule["lastEvaluation"] > "0002" for rule in rules()), what="an evaluation of every rule")
        for rule in rules():
            # A machine that is busy may be slow enough for one that begins to wait.
            self.assertEqual("ok", rule["health"], rule)
            self.assertNotEqual("firing", rule["state"], rule)
            self.assertLessEqual(metrics_in(rule["query"]), served, rule["name"])


if __name__ == "__main__":
    harness.main()
