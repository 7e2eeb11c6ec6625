"""Runs of mooring-load: scenarios as Python values, results as JSON."""

import json
import subprocess
import tempfile
from pathlib import Path

import servers


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items())
        return "{ " + inner + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(str(value))


def toml(scenario):
    """The TOML of {…, "group": [{…, "operation": [{…}]}]}."""
    lines = [f"{key} = {toml_value(value)}" for key, value in scenario.items() if key != "group"]
    for group in scenario["group"]:
        lines += ["", "[[group]]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in group.items()
                  if key != "operation"]
        for operation in group["operation"]:
            lines += ["", "[[group.operation]]"]
            lines += [f"{key} = {toml_value(value)}" for key, value in operation.items()]
    return "\n".join(lines) + "\n"


class Result:
    """What mooring-load says, with the few numbers that tables need."""

    def __init__(self, told):
        self.json = told
        self.seconds = told["seconds"]
        self.failed = told["failed"]

    def operation(self, group=None):
        return next(one for one in self.json["operations"] if group in (None, one["group"]))

    def rate(self, group=None):
        return self.operation(group)["good_per_second"]

    def mebibytes_per_second(self, group=None):
        return self.operation(group)["bytes_per_second"] / 2**20

    def latency_ms(self, quantile, group=None):
        return self.operation(group)["latency"][f"{quantile}_us"] / 1000


class RequestsFailed(Exception):
    pass


def run(server, groups, *, seconds=3.0, cpus="1", cores=1, allow_failures=False, **settings):
    """One run against `server`. Failed requests are an error unless they are what is looked for."""
    if isinstance(groups, dict):
        groups = [groups]
    scenario = {"title": server.name, "target": server.url, "duration": f"{int(seconds * 1000)}ms",
                "cpus": cpus, "cores": cores, **settings, "group": groups}
    if hasattr(server, "ids"):
        scenario["ids"] = server.ids
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "scenario.toml"
        path.write_text(toml(scenario))
        done = subprocess.run([servers.LOAD, "--scenario", path, "--quiet", "--json", "-"],
                              check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"mooring-load: exit code {done.returncode}\n{done.stderr}")
    result = Result(json.loads(done.stdout))
    if result.failed and not allow_failures:
        told = [(one["failures"], one["failures_outside"], one["statuses"])
                for one in result.json["operations"]]
        raise RequestsFailed(f"{server.name}: {result.failed} requests failed: {told}")
    return result


def closed(operation, connections=32, **more):
    """A group that keeps so many connections busy."""
    return {"name": operation["name"], "connections": connections, "operation": [operation], **more}
