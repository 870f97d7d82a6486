"""Checks what promtool, amtool and a YAML parser cannot know about the files of prometheus, grafana and deploy.

    python3 deploy/check_operations.py

Every alert has severity, category, summary, description, a runbook that exists and a dashboard; no runbook is left over; every
recording rule is named by a unit test. Compose: ports on loopback, mounted files and volumes exist. Kubernetes: the sidecar is a
native one, selectors and port names meet, mounted volumes exist, containers satisfy the restricted Pod Security Standard. This is
no replacement for a validator with the schemas of Kubernetes and Compose, which neither Debian nor this repository brings.
"""
import pathlib
import re
import sys

import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent
problems = []


def complain(where, text):
    problems.append(f"{where}: {text}")


def documents(path):
    return [document for document in yaml.safe_load_all((TOP / path).read_text()) if document]


def check_rules():
    tests = "".join(path.read_text() for path in (TOP / "prometheus" / "tests").glob("*.yml"))
    runbooks = {path.stem for path in (TOP / "deploy" / "docs" / "runbooks").glob("*.md")}
    alerts, recorded = set(), set()
    for path in sorted((TOP / "prometheus" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    recorded.add(rule["record"])
                    if not re.search(re.escape(rule["record"]) + r"(?![\w:])", tests):
                        complain(path.name, f"no test evaluates {rule['record']}")
                    continue
                name, labels, notes = rule["alert"], rule.get("labels", {}), rule.get("annotations", {})
                alerts.add(name)
                if labels.get("severity") not in ("critical", "warning", "none") or not labels.get("category"):
                    complain(path.name, f"{name}: severity and category are needed")
                if set(notes) != {"summary", "description", "runbook_url", "dashboard_url"}:
                    complain(path.name, f"{name}: annotations are {sorted(notes)}")
                if not notes.get("runbook_url", "").endswith("/" + name) or name not in runbooks:
                    complain(path.name, f"{name}: no runbook")
                if "{{" in notes.get("summary", ""):
                    complain(path.name, f"{name}: a summary is constant")
                if name not in tests:
                    complain(path.name, f"{name}: no test fires it")
    for name in sorted(runbooks - alerts):
        complain("deploy/docs/runbooks", f"{name}.md belongs to no alert")
    for name in sorted(runbooks):
        text = (TOP / "deploy" / "docs" / "runbooks" / f"{name}.md").read_text()
        if re.findall(r"^## (.*)$", text, re.MULTILINE) != ["Meaning", "Impact", "Diagnosis", "Mitigation"]:
            complain(f"{name}.md", "sections are Meaning, Impact, Diagnosis, Mitigation")
    return f"{len(alerts)} alerts with runbooks, {len(recorded)} recorded names with tests"


def check_compose():
    compose = documents("deploy/compose.yaml")[0]
    for name, service in compose["services"].items():
        where = f"compose.yaml: {name}"
        if ":latest" in service["image"]:
            complain(where, "the image has no version")
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                complain(where, f"port {port} is not on loopback")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (TOP / "deploy" / source).exists():
                    complain(where, f"{source} does not exist")
            elif source not in compose["volumes"]:
                complain(where, f"volume {source} is not declared")
        for other in service.get("depends_on", []):
            if other not in compose["services"]:
                complain(where, f"depends on {other}")
        if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
            complain(where, "keeps privileges")
    return f"{len(compose['services'])} services"


def check_container(container, pod, where):
    context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
    wanted = {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
              "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    for key, value in wanted.items():
        if context.get(key) != value:
            complain(where, f"{container['name']}: {key} is {context.get(key)}")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            complain(where, f"{container['name']}: volume {mount['name']} does not exist")
    ports = {port["name"] for port in container.get("ports", [])}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        port = container.get(probe, {}).get("httpGet", {}).get("port")
        if port is not None and port not in ports:
            complain(where, f"{container['name']}: {probe} asks port {port}")
    return ports


def check_kubernetes():
    where = "kubernetes/sidecar.yaml"
    objects = {each["kind"]: each for each in documents("deploy/kubernetes/sidecar.yaml")}
    template = objects["Deployment"]["spec"]["template"]
    labels, pod = template["metadata"]["labels"], template["spec"]
    ports = set()
    for container in pod["initContainers"] + pod["containers"]:
        ports |= check_container(container, pod, where)
    sidecar = pod["initContainers"][0]
    if sidecar.get("restartPolicy") != "Always":
        complain(where, "the sidecar is not a native one")
    if "readinessProbe" in sidecar or "startupProbe" in sidecar:
        complain(where, "a probe of the observer decides about the model")
    if not any(volume.get("emptyDir") is not None for volume in pod["volumes"]):
        complain(where, "no emptyDir for the log")
    for volume in pod["volumes"]:
        name = volume.get("configMap", {}).get("name")
        if name and name != objects["ConfigMap"]["metadata"]["name"]:
            complain(where, f"ConfigMap {name} does not exist")
    chosen = [objects["Deployment"]["spec"]["selector"]]
    monitor = documents("deploy/kubernetes/podmonitor.yaml")[0]
    chosen.append(monitor["spec"]["selector"])
    policy = documents("deploy/kubernetes/networkpolicy.yaml")[0]
    chosen.append(policy["spec"]["podSelector"])
    for selector in chosen:
        if not selector["matchLabels"].items() <= labels.items():
            complain(where, f"the pod's labels do not match {selector['matchLabels']}")
    named = {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]}
    named |= {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    for port in sorted(named - ports):
        complain(where, f"no container has the port {port}")
    if template["metadata"]["annotations"]["telltale/port"] != str(sidecar["ports"][0]["containerPort"]):
        complain(where, "the annotation names another port")
    return f"{len(objects) + 2} objects"


def check_grafana():
    paths = sorted((TOP / "grafana" / "provisioning").glob("*/*.yml"))
    for path in paths:
        document = yaml.safe_load(path.read_text())
        if document.get("apiVersion") != 1 or not (document.get("datasources") or document.get("providers")):
            complain(path.name, "neither data sources nor providers")
    return f"{len(paths)} provisioning files"


def main():
    for name, check in (("rules", check_rules), ("compose", check_compose), ("kubernetes", check_kubernetes),
                        ("grafana", check_grafana)):
        print(f"{name}: {check()}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
