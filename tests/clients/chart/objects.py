"""What the objects of a release must be, as it follows from the values. Shares nothing with the templates."""
import re
import tomllib

import config_keys

# The time that a server may take after its drain, in seconds.
AFTER_DRAIN = 30
SECRETS = "/run/secrets/ledgerline"


def of_kind(documents, kind):
    return [one for one in documents if one["kind"] == kind]


def path(value, *keys):
    """Returns the member at a path; None where there is none."""
    for key in keys:
        if not isinstance(value, (dict, list)) or (isinstance(value, dict) and key not in value):
            return None
        value = value[key]
    return value


def selects(selector, labels):
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


class Release:
    """The objects of a release, the values that gave them, and what is wrong."""

    def __init__(self, documents, values, schema):
        self.documents, self.values, self.schema, self.faults = documents, values, schema, []
        self.set = of_kind(documents, "StatefulSet")[0]
        self.name = self.set["metadata"]["name"]
        self.spec = self.set["spec"]["template"]["spec"]
        self.container = self.spec["containers"][0]
        self.labels = self.set["spec"]["template"]["metadata"]["labels"]
        self.replicas, self.mode = values["replicas"], values["telephony"]["mode"]
        self.scheme = "https" if values["tls"]["existingSecret"] else "http"

    def hold(self, holds, fault):
        if not holds:
            self.faults.append(fault)


def check(documents, values, schema):
    """Returns what is wrong."""
    if len(of_kind(documents, "StatefulSet")) != 1:
        return ["not one StatefulSet"]
    release = Release(documents, values, schema)
    for rule in (kinds, pods, probes, volumes, configuration, services, calls, network_policy, ingress, budget, monitor):
        rule(release)
    return release.faults + check_names(documents)


def check_names(documents):
    """Checks the lengths of names: a label of each pod is the StatefulSet's name and a hash, a Service is a DNS label."""
    faults = []
    for one in documents:
        name = one["metadata"]["name"]
        longest = 63 - len("-0123456789") if one["kind"] == "StatefulSet" else 63
        if len(name) > longest:
            faults.append(f"{one['kind']} {name}: its name has more than {longest} characters")
    keys = [(one["kind"], one["metadata"]["name"]) for one in documents]
    return faults + [f"{key} is there twice" for key in set(keys) if keys.count(key) > 1]


def kinds(release):
    values, found = release.values, sorted(one["kind"] for one in release.documents)
    count = {"ConfigMap": 1, "Service": 2, "ServiceAccount": 1, "StatefulSet": 1}
    count["Service"] += release.replicas if release.mode == "udpRange" else 0
    count["Ingress"] = int(values["ingress"]["enabled"])
    count["NetworkPolicy"] = int(values["networkPolicy"]["enabled"] and release.mode != "hostNetwork")
    count["PodDisruptionBudget"] = int(release.replicas > 1)
    count["ServiceMonitor"] = int(values["serviceMonitor"]["enabled"])
    wanted = sorted(kind for kind, times in count.items() for _ in range(times))
    release.hold(found == wanted, f"kinds are {found}, not {wanted}")
    release.hold("Secret" not in found, "a Secret is in the chart")


def pods(release):
    spec, container, values = release.spec, release.container, release.values
    security, own = spec["securityContext"], container["securityContext"]
    release.hold(release.set["spec"]["replicas"] == release.replicas, "the replicas differ")
    release.hold(security["runAsNonRoot"] and security["runAsUser"] == 10001 == security["fsGroup"], "not user 10001")
    release.hold(path(security, "seccompProfile", "type") == "RuntimeDefault", "no seccomp profile")
    release.hold(own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"], "the root is writable")
    release.hold(own["capabilities"]["drop"] == ["ALL"] and not own.get("privileged"), "capabilities are kept")
    accounts = of_kind(release.documents, "ServiceAccount")
    release.hold(not any(one["automountServiceAccountToken"] for one in [spec, *accounts]), "a token is mounted")
    # Kubernetes would set LEDGERLINE_PORT and others for a Service of this name.
    release.hold(spec["enableServiceLinks"] is False, "Services become environment variables")
    grace = spec["terminationGracePeriodSeconds"]
    release.hold(grace >= values["drainSeconds"] + AFTER_DRAIN, f"{grace} s are not above the drain time")
    image = container["image"]
    release.hold(re.search(r"(:[^:/]+|@sha256:[0-9a-f]{64})$", image) and not image.endswith(":latest"), f"image {image}")
    release.hold(selects(release.set["spec"]["selector"]["matchLabels"], release.labels), "its own pods are not selected")
    kept = release.set["spec"]["persistentVolumeClaimRetentionPolicy"]
    release.hold(set(kept.values()) == {"Retain"}, "volumes are deleted with the release")


def probes(release):
    for name, route in {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}.items():
        probe = path(release.container, name, "httpGet") or {}
        release.hold(probe.get("path") == route, f"{name} asks {probe.get('path')}, not {route}")
        release.hold(probe.get("scheme") == release.scheme.upper(), f"{name} uses {probe.get('scheme')}")
        release.hold(probe.get("port") == release.scheme, f"{name} asks port {probe.get('port')}")
    listening = [one["containerPort"] for one in release.container["ports"] if one["name"] == release.scheme]
    release.hold(listening == [8080], f"HTTP is on {listening}")


def volumes(release):
    names = [one["name"] for one in release.spec["volumes"]]
    claims = [one["metadata"]["name"] for one in release.set["spec"]["volumeClaimTemplates"]]
    mounts = {one["mountPath"]: one for one in release.container["volumeMounts"]}
    release.hold(len(mounts) == len(release.container["volumeMounts"]), "two mounts at one place")
    for mount in mounts.values():
        release.hold(mount["name"] in names + claims, f"{mount['mountPath']} has no volume")
    release.hold(path(mounts, "/data", "name") in claims, "/data is not the claimed volume")
    for volume in release.spec["volumes"]:
        if "secret" in volume:
            release.hold(volume["secret"]["defaultMode"] == 0o440, f"{volume['name']} can be read by others")


def secret_files(release):
    """Returns the files of Secrets in the container."""
    of_volume = {one["name"]: one.get("secret") for one in release.spec["volumes"]}
    files = set()
    for mount in release.container["volumeMounts"]:
        for item in path(of_volume.get(mount["name"]), "items") or []:
            files.add(f"{mount['mountPath']}/{item['path']}")
    return files


def configuration(release):
    data = of_kind(release.documents, "ConfigMap")[0]["data"]
    wanted = {f"{release.name}-{number}.toml" for number in range(release.replicas)}
    release.hold(set(data) == wanted, f"files are {sorted(data)}, not {sorted(wanted)}")
    mount = [one for one in release.container["volumeMounts"] if one["mountPath"] == "/etc/ledgerline/ledgerline.toml"]
    release.hold(path(mount, 0, "subPathExpr") == "$(POD_NAME).toml", "a pod does not read its own file")
    release.hold("/etc/ledgerline/ledgerline.toml" in release.container["args"], "the server reads another file")
    files, variables = secret_files(release), {one["name"] for one in release.container["env"]}
    for name, text in data.items():
        try:
            config = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            release.faults.append(f"{name}: {error}")
            continue
        release.faults += [f"{name}: {fault}" for fault in config_keys.validate(config, release.schema)]
        release.hold("postgres://" not in text and "password = " not in text, f"{name} has a secret")
        for key, value in config_keys.leaves(config):
            if isinstance(value, str) and value.startswith(SECRETS):
                release.hold(value in files, f"{name}: {key} names {value}, which is not mounted")
            if key.endswith("_env"):
                release.hold(value in variables, f"{name}: {key} names {value}, which is not set")
        expected(release, name, config)


def expected(release, name, config):
    """Checks that the configuration says what the values say."""
    values, telephony = release.values, release.values["telephony"]
    number = int(name.removesuffix(".toml").rpartition("-")[2])
    pairs = {
        ("data",): "/data",
        ("drain",): f"{values['drainSeconds']}s",
        ("http", "listen"): "0.0.0.0:8080",
        ("sip", "listen"): f"0.0.0.0:{telephony['sipPort']}",
        ("rtp", "ports"): f"{telephony['rtpPorts']['first']}-{telephony['rtpPorts']['last']}",
    }
    host = values["ingress"]["host"]
    pairs["public_url",] = f"https://{host}" if values["ingress"]["enabled"] else values["publicUrl"] or None
    pairs["http", "trusted_proxies"] = values["ingress"]["trustedProxies"] if values["ingress"]["enabled"] else None
    advertised = path(telephony["pods"], number, "advertised") if telephony["pods"] else None
    pairs["sip", "advertised"] = pairs["rtp", "advertised"] = advertised
    for table, value in (("store", values["store"]), ("read_db", values["readDb"])):
        folder = table.replace("_", "-")
        pairs[table, "url_file"] = f"{SECRETS}/{folder}/{value['key']}" if value["existingSecret"] else None
    pairs["keys", "master_key_file"] = f"{SECRETS}/master-key/{values['keys']['masterKey']}"
    own_keys = values["keys"]
    pairs["keys", "location_file"] = f"{SECRETS}/keys/{own_keys['key']}" if own_keys["existingSecret"] else None
    for keys, value in pairs.items():
        release.hold(path(config, *keys) == value, f"{name}: {'.'.join(keys)} is {path(config, *keys)!r}, not {value!r}")
    for key, value in config_keys.leaves(values["config"]):
        release.hold(path(config, *key.split(".")) == value, f"{name}: {key} is lost")
    names = [one["name"] for one in config.get("trunk", [])]
    release.hold(names == [one["name"] for one in values["trunks"]], f"{name}: trunks are {names}")


def services(release):
    ports = {one["name"]: one["containerPort"] for one in release.container["ports"]}
    for service in of_kind(release.documents, "Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        labels = dict(release.labels)
        labels["statefulset.kubernetes.io/pod-name"] = spec["selector"].get("statefulset.kubernetes.io/pod-name", "")
        release.hold(selects(spec["selector"], labels), f"Service {name} selects no pod")
        kind = spec.get("type", "ClusterIP")
        for port in spec["ports"]:
            target = ports.get(port["targetPort"], port["targetPort"])
            release.hold(isinstance(target, int), f"Service {name}: no port {port['targetPort']}")
            is_open = kind != "ClusterIP" and port["protocol"] == "TCP"
            release.hold(not is_open or release.scheme == "https", f"Service {name} publishes plain HTTP")
    headless = [one["metadata"]["name"] for one in of_kind(release.documents, "Service") if one["spec"].get("clusterIP") == "None"]
    release.hold(headless == [release.set["spec"]["serviceName"]], "the StatefulSet has no Service for its names")


def calls(release):
    telephony, udp = release.values["telephony"], []
    for service in of_kind(release.documents, "Service"):
        if all(port["protocol"] == "UDP" for port in service["spec"]["ports"]):
            udp.append(service["spec"])
    first, last = telephony["rtpPorts"]["first"], telephony["rtpPorts"]["last"]
    wanted = [telephony["sipPort"], *range(first, last + 1)]
    chosen = sorted(spec["selector"]["statefulset.kubernetes.io/pod-name"] for spec in udp)
    pods_wanted = sorted(f"{release.name}-{number}" for number in range(release.replicas))
    release.hold(chosen == (pods_wanted if release.mode == "udpRange" else []), f"pods with UDP are {chosen}")
    for spec in udp:
        release.hold([port["port"] for port in spec["ports"]] == wanted, "a UDP port is missing")
        same = [port["port"] == port["targetPort"] == port.get("nodePort", port["port"]) for port in spec["ports"]]
        release.hold(all(same), "a UDP port has another number inside")
        is_fixed = spec["type"] != "NodePort" or all("nodePort" in port for port in spec["ports"])
        release.hold(is_fixed, "a node port is left to chance")
        release.hold(spec["externalTrafficPolicy"] == "Local", "the carrier's address is lost")
    on_node = release.mode == "hostNetwork"
    release.hold(bool(release.spec.get("hostNetwork")) == on_node, "the wrong network")
    by_field = {one["name"]: path(one, "valueFrom", "fieldRef", "fieldPath") for one in release.container["env"]}
    wanted_field = "status.hostIP" if on_node and not telephony["pods"] else None
    for variable in ("LEDGERLINE__SIP__ADVERTISED", "LEDGERLINE__RTP__ADVERTISED"):
        release.hold(by_field.get(variable) == wanted_field, f"{variable} is {by_field.get(variable)}")
        release.faults += config_keys.unknown_variable(variable, release.schema)
    if on_node:
        release.hold(release.scheme == "https", "plain HTTP is open on the node")


def network_policy(release):
    telephony = release.values["telephony"]
    for policy in of_kind(release.documents, "NetworkPolicy"):
        spec = policy["spec"]
        release.hold(selects(spec["podSelector"]["matchLabels"], release.labels), "the policy selects no pod")
        release.hold(spec["policyTypes"] == ["Ingress", "Egress"], "the policy leaves a direction open")
        if not all(rule.get("from") and rule.get("ports") for rule in spec["ingress"]):
            release.faults.append("a rule of the policy admits every peer or every port")
            continue
        blocks = [peer["ipBlock"]["cidr"] for rule in spec["ingress"] for peer in rule["from"] if "ipBlock" in peer]
        release.hold(blocks == telephony["peers"], f"carriers are {blocks}")
        udp = [port for rule in spec["ingress"] for port in rule["ports"] if port["protocol"] == "UDP"]
        ranges = {(port["port"], port.get("endPort", port["port"])) for port in udp}
        rtp = telephony["rtpPorts"]
        wanted = {(telephony["sipPort"], telephony["sipPort"]), (rtp["first"], rtp["last"])} if telephony["peers"] else set()
        release.hold(ranges == wanted, f"open UDP ports are {sorted(ranges)}")
        tcp = [port["port"] for rule in spec["ingress"] for port in rule["ports"] if port["protocol"] == "TCP"]
        release.hold(tcp == [release.scheme], f"open TCP ports are {tcp}")
        spaces = [
            path(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
            for rule in spec["ingress"] for peer in rule["from"]
        ]
        for part, key in (("ingress", "controllerNamespace"), ("serviceMonitor", "prometheusNamespace")):
            space = release.values[part][key]
            release.hold((space in spaces) == release.values[part]["enabled"], f"namespace {space} in the policy")


def ingress(release):
    for one in of_kind(release.documents, "Ingress"):
        host, spec = release.values["ingress"]["host"], one["spec"]
        release.hold([rule["host"] for rule in spec["rules"]] == [host], "another host")
        release.hold(spec["tls"] == [{"hosts": [host], "secretName": release.values["ingress"]["tls"]["existingSecret"]}], "no TLS")
        service = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
        named = [item for item in of_kind(release.documents, "Service") if item["metadata"]["name"] == service["name"]]
        ports = [port["name"] for item in named for port in item["spec"]["ports"]]
        release.hold(service["port"]["name"] in ports, "the ingress leads to no port")


def budget(release):
    for one in of_kind(release.documents, "PodDisruptionBudget"):
        release.hold(selects(one["spec"]["selector"]["matchLabels"], release.labels), "the budget selects no pod")
        release.hold(one["spec"].get("maxUnavailable") == 1, "the budget blocks every drain, or none")
    if release.replicas > 1 and not release.values["affinity"]:
        release.hold("podAntiAffinity" in release.spec.get("affinity", {}), "both pods may be on one node")


def monitor(release):
    for one in of_kind(release.documents, "ServiceMonitor"):
        endpoint = one["spec"]["endpoints"][0]
        chosen = [
            service for service in of_kind(release.documents, "Service")
            if selects(one["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
        ]
        release.hold(len(chosen) == 1, f"{len(chosen)} Services are scraped: a pod would count twice, or not")
        release.hold(endpoint["path"] == "/metrics" and endpoint["scheme"] == release.scheme, "not /metrics")
        key = path(endpoint, "authorization", "credentials", "name")
        release.hold(key == release.values["serviceMonitor"]["existingSecret"], "it is scraped without the key")
