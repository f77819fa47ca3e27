"""Faults planted into rendered objects; the checks of objects.py must find each."""
import copy

import objects


def of(documents, kind, name=""):
    return next(one for one in documents if one["kind"] == kind and one["metadata"]["name"].endswith(name))


def container(documents):
    return of(documents, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]


def pod(documents):
    return of(documents, "StatefulSet")["spec"]["template"]["spec"]


def edit_config(documents, old, new):
    data = of(documents, "ConfigMap")["data"]
    for name, text in data.items():
        assert old in text, f"{old} is not in {name}"
        data[name] = text.replace(old, new)


# (fault, case of accepted.yaml, change)
FAULTS = [
    ("a Secret in the chart", "one server", lambda d: d.append({"kind": "Secret", "metadata": {"name": "s"}})),
    ("killed before the drain ends", "one server", lambda d: pod(d).update(terminationGracePeriodSeconds=600)),
    ("no readiness probe", "one server", lambda d: container(d).pop("readinessProbe")),
    ("a plain probe of a TLS server", "HTTP on", lambda d: container(d)["livenessProbe"]["httpGet"].update(scheme="HTTP")),
    ("a writable root", "one server", lambda d: container(d)["securityContext"].update(readOnlyRootFilesystem=False)),
    ("a token of the cluster", "one server", lambda d: pod(d).update(automountServiceAccountToken=True)),
    ("Services as variables", "one server", lambda d: pod(d).update(enableServiceLinks=True)),
    ("volumes that are deleted", "one server", lambda d: of(d, "StatefulSet")["spec"]["persistentVolumeClaimRetentionPolicy"].update(whenDeleted="Delete")),
    ("a secret that is not mounted", "two servers", lambda d: container(d)["volumeMounts"].pop()),
    ("a Secret that others can read", "one server", lambda d: pod(d)["volumes"][1]["secret"].update(defaultMode=0o444)),
    ("an unknown key", "one server", lambda d: edit_config(d, "listen", "lisen")),
    ("a broken file", "one server", lambda d: edit_config(d, "drain = ", "drain := ")),
    ("a whole number with a fraction", "every kind", lambda d: edit_config(d, 'level = "info"', "level = 1.0")),
    ("a secret in clear", "two servers", lambda d: edit_config(d, "url_file = ", 'url = "postgres://u:p@db.example.com/l" # ')),
    ("one file for two pods", "two servers", lambda d: of(d, "ConfigMap")["data"].popitem()),
    ("no budget", "two servers", lambda d: d.remove(of(d, "PodDisruptionBudget"))),
    ("a budget of one pod", "one server", lambda d: d.append({"kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": {"selector": {"matchLabels": {}}}})),
    ("plain HTTP on a node port", "one server", lambda d: of(d, "Service")["spec"].update(type="NodePort")),
    ("a Service without pods", "one server", lambda d: of(d, "Service")["spec"]["selector"].update(app="other")),
    ("a UDP port with another number", "a UDP range of a", lambda d: of(d, "Service", "udp-0")["spec"]["ports"][5].update(targetPort=1)),
    ("a missing UDP port", "a UDP range of a", lambda d: of(d, "Service", "udp-1")["spec"]["ports"].pop()),
    ("two Services for one pod", "a UDP range of a", lambda d: of(d, "Service", "udp-1")["spec"]["selector"].update({"statefulset.kubernetes.io/pod-name": "dial-ledgerline-0"})),
    ("one address for two pods", "a UDP range of a", lambda d: edit_config(d, "203.0.113.1", "203.0.113.2")),
    ("the carrier's address is lost", "a UDP range of a", lambda d: of(d, "Service", "udp-0")["spec"].update(externalTrafficPolicy="Cluster")),
    ("the node's address is not advertised", "the network of the node", lambda d: container(d)["env"].pop()),
    ("a policy that admits every peer", "one server", lambda d: of(d, "NetworkPolicy")["spec"]["ingress"].append({})),
    ("carriers that are shut out", "a UDP range of a", lambda d: of(d, "NetworkPolicy")["spec"]["ingress"].pop()),
    ("an ingress without TLS", "an ingress", lambda d: of(d, "Ingress")["spec"].update(tls=[])),
    ("proxies that are not trusted", "an ingress", lambda d: edit_config(d, "trusted_proxies", "trusted")),
    ("metrics without the key", "scraped", lambda d: of(d, "ServiceMonitor")["spec"]["endpoints"][0].pop("authorization")),
    ("a pod that is scraped twice", "scraped", lambda d: of(d, "ServiceMonitor")["spec"]["selector"]["matchLabels"].pop("app.kubernetes.io/component")),
]


def search(chart, accepted, schema, rendered):
    """Returns the number of planted faults that the checks find, and the names of the others."""
    missed, renderings = [], {}
    for name, beginning, change in FAULTS:
        case = next(one for one in accepted if one["name"].startswith(beginning))
        if case["name"] not in renderings:
            original, values = rendered(chart, case["values"]), chart.merge_values(case["values"])
            renderings[case["name"]] = original, values, set(objects.check(original, values, schema))
        original, values, before = renderings[case["name"]]
        documents = copy.deepcopy(original)
        change(documents)
        if not set(objects.check(documents, values, schema)) - before:
            missed.append(name)
    return len(FAULTS) - len(missed), missed
