"""Checks grafana/dashboards/*.json; Python's standard library is enough.

    python3 grafana/check_dashboards.py                              what can be told without a server, promtool parses
    python3 grafana/check_dashboards.py --prometheus http://HOST:PORT   every variable and query, on live data

Told without a server: valid JSON, unique ids, no overlap on the grid, title, description, unit and data source of each panel,
variables defined, counters under rate() or increase(), every expression parses (promtool), every name is a family of
Sources/Catalog or a recording rule, and every dashboard_url of an alert leads to a dashboard. Live: each query succeeds, and each
variable has a value. Rendering in Grafana itself is not checked here.
"""
import argparse
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent
# Names that Prometheus itself makes.
BUILT_IN = {"up", "ALERTS", "ALERTS_FOR_STATE"}
VALUES = {"job": ".+", "model": ".+", "version": ".+", "window": "1h", "__rate_interval": "1m", "__interval": "30s",
          "__range": "1h"}
NAME = re.compile(r"(?<![\w:\"'])(?:fleet:[a-z0-9_:]+|(?:model|telltale|process)_[a-z0-9_]+|up|ALERTS)(?=\s*[{\[)/*+<>=-]|\s|$)")


def known_names():
    """Families of the catalogue with their suffixes, recorded names, and what Prometheus makes."""
    names = set(BUILT_IN)
    for path in glob.glob(str(TOP / "Sources" / "Catalog" / "*.swift")):
        source = pathlib.Path(path).read_text()
        for name, kind in re.findall(r'FamilyDescriptor\(\s*"([a-z0-9_]+)",\s*\.(\w+)', source):
            names.add(name)
            if kind in ("histogram", "summary"):
                names |= {name + "_sum", name + "_count"}
            if kind == "histogram":
                names.add(name + "_bucket")
    for path in glob.glob(str(TOP / "prometheus" / "rules" / "*.yml")):
        names |= set(re.findall(r"^\s*- record: (\S+)", pathlib.Path(path).read_text(), re.MULTILINE))
    return names


def substituted(text, values):
    """The text with dashboard variables replaced, as $name or ${name}."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: values.get(m[1] or m[2], m[0]), text)


def expressions(dashboard):
    """(where, expression) of every target and annotation."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation:
            yield f"annotation {annotation['name']}", annotation["expr"]


def variable_query(variable):
    """Selector and label of a label_values() variable."""
    match = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
    return match and (match[1], match[2])


def check_layout(dashboard, complain):
    cells, ids = {}, set()
    for panel in dashboard["panels"]:
        title = panel.get("title", "")
        if panel["id"] in ids:
            complain(f"panel id {panel['id']} twice")
        ids.add(panel["id"])
        grid = panel["gridPos"]
        if grid["x"] < 0 or grid["x"] + grid["w"] > 24:
            complain(f"{title}: outside the 24 columns")
        overlapped = set()
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                if (x, y) in cells:
                    overlapped.add(cells[x, y])
                cells[x, y] = title
        for other in overlapped:
            complain(f"{title}: overlaps {other}")
        if panel["type"] == "row":
            continue
        if not title or not panel.get("description"):
            complain(f"panel {panel['id']}: title and description are needed")
        if panel["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
            complain(f"{title}: data source is not the variable")
        if not panel["fieldConfig"]["defaults"].get("unit"):
            complain(f"{title}: no unit")
        references = [target["refId"] for target in panel["targets"]]
        if not references or len(references) != len(set(references)):
            complain(f"{title}: no target, or a refId twice")


def check_expressions(dashboard, names, complain):
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    found = list(expressions(dashboard))
    found += [
        (f"variable {v['name']}", variable_query(v)[0]) for v in dashboard["templating"]["list"]
        if v["type"] == "query" and variable_query(v)
    ]
    for where, expression in found:
        for match in re.finditer(r"\$\{?(\w+)", expression):
            if match[1] not in variables and not match[1].startswith("__"):
                complain(f"{where}: undefined variable {match[1]}")
        bare = re.sub(r'"[^"]*"', '""', expression)
        for name in NAME.findall(bare):
            if name not in names:
                complain(f"{where}: unknown name {name}")
        for match in re.finditer(r"\b(?:model|telltale)_\w+_total\b", bare):
            if not where.startswith("variable") and not re.search(r"(?:rate|increase)\(\s*$", bare[: match.start()]):
                complain(f"{where}: counter {match[0]} without rate() or increase()")
    return found


def check_promtool(found, complain):
    """All expressions as one rule file: promtool parses each."""
    values = dict(VALUES, feature="x", datasource="prometheus")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as rules:
        json.dump({"groups": [{"name": "dashboard", "rules": [
            {"record": f"check:{number}", "expr": substituted(expression, values)}
            for number, (_, expression) in enumerate(found)
        ]}]}, rules)
        rules.flush()
        done = subprocess.run(["promtool", "check", "rules", rules.name], capture_output=True, text=True)
    if done.returncode:
        for line in (done.stdout + done.stderr).splitlines():
            match = re.search(r'"check:(\d+)"', line)
            if match or "error" in line:
                complain(f"{found[int(match[1])][0]}: {line.split('parse expression: ')[-1]}" if match else line)


def get(url, path, **parameters):
    query = urllib.parse.urlencode(parameters)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}{path}?{query}", timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def check_live(dashboard, url, complain):
    """Runs everything on a server; returns (number of queries, names of those without data)."""
    values, empty, count = dict(VALUES), [], 0
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = variable_query(variable)
        answer = get(url, f"/api/v1/label/{label}/values", **{"match[]": substituted(selector, values)})
        if answer["status"] != "success" or not answer["data"]:
            complain(f"variable {variable['name']} has no value: {answer.get('error', 'empty')}")
        elif variable["name"] not in values:
            values[variable["name"]] = answer["data"][0]
    for where, expression in expressions(dashboard):
        count += 1
        answer = get(url, "/api/v1/query", query=substituted(expression, values))
        if answer["status"] != "success":
            complain(f"{where}: {answer.get('error')}")
        elif not answer["data"]["result"]:
            empty.append(where)
    return count, empty


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prometheus", metavar="URL", help="also run every query there")
    options = parser.parse_args()
    names, problems, uids = known_names(), [], set()
    paths = sorted(glob.glob(str(TOP / "grafana" / "dashboards" / "*.json")))
    for path in paths:
        name = os.path.basename(path)

        def complain(text):
            problems.append(f"{name}: {text}")

        try:
            dashboard = json.loads(pathlib.Path(path).read_text())
        except ValueError as error:
            complain(f"not JSON: {error}")
            continue
        if dashboard["uid"] in uids:
            complain("uid twice")
        uids.add(dashboard["uid"])
        check_layout(dashboard, complain)
        found = check_expressions(dashboard, names, complain)
        check_promtool(found, complain)
        panels = sum(panel["type"] != "row" for panel in dashboard["panels"])
        print(f"{name}: {panels} panels, {len(found)} expressions")
        if options.prometheus:
            count, empty = check_live(dashboard, options.prometheus.rstrip("/"), complain)
            print(f"{name}: {count} queries ran, {len(empty)} without data" + (f": {', '.join(empty)}" if empty else ""))
    if not paths:
        problems.append("no dashboard found")
    for path in sorted(glob.glob(str(TOP / "prometheus" / "rules" / "*.yml"))):
        for uid in re.findall(r"dashboard_url: \S+/d/([\w-]+)", pathlib.Path(path).read_text()):
            if uid not in uids:
                problems.append(f"{os.path.basename(path)}: dashboard_url leads to {uid}, which does not exist")
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
