"""Keys of ledgerline.toml: which the chart sets itself, and which `config` and `trunks` of its values allow.

    config_keys.py CHART CONFIG_SCHEMA

writes those that values allow into CHART/values.schema.json; CONFIG_SCHEMA is a file with the output of
`ledgerline config schema`. Each setting of the program is in one of the two sets, and `make prove-chart` compares them.
"""
import copy
import json
import pathlib
import re
import sys

import jsonschema

# Set by the chart from other values. A key that ends in a dot is a table.
OWN = [
    "data", "drain", "public_url", "http.listen", "http.tls_cert", "http.tls_key", "http.tls_self_signed",
    "http.trusted_proxies", "http.redirect_listen", "http.acme_dir", "store.", "read_db.", "keys.", "sip.listen",
    "sip.advertised", "rtp.", "trunk.",
]
# A TOML string may not hold this character as JSON writes it.
PLAIN_TEXT = "^[^\\x7f]*$"
KEPT = {"type", "description", "items", "enum", "minLength", "minimum", "maximum", "pattern"}
TRUNK_NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 40}


def leaves(table, prefix=""):
    """Yields each key with its value; a list of tables counts as a table."""
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in value:
                yield from leaves(inner, f"{path}.")
        else:
            yield path, value


def settings(schema, prefix=""):
    """Yields the key and the schema of each setting of a schema."""
    for key, inner in schema.get("properties", {}).items():
        path = f"{prefix}{key}"
        if "properties" in inner:
            yield from settings(inner, f"{path}.")
        elif "properties" in inner.get("items", {}):
            yield from settings(inner["items"], f"{path}.")
        else:
            yield path, inner


def is_own(key):
    return any(key == own or (own.endswith(".") and key.startswith(own)) for own in OWN)


def secrets(keys):
    """Returns the forms of secrets that values must not have: the secret, and a file with it."""
    literal = {key for key in keys if {f"{key}_file", f"{key}_env"} <= set(keys)}
    return literal | {f"{key}_file" for key in literal}


def allowed_value(schema):
    """Returns the schema of a value as the chart has it: what editors show and what Helm checks."""
    schema = {key: copy.deepcopy(value) for key, value in schema.items() if key in KEPT}
    for text in (schema, schema.get("items", {})):
        if text.get("type") == "string" and not {"pattern", "enum"} & set(text):
            text["pattern"] = PLAIN_TEXT
    return schema


def allowed(schema):
    """Returns the schemas of `config` and of an item of `trunks`."""
    every = dict(settings(schema))
    refused = secrets(every)
    config = {"type": "object", "additionalProperties": False, "properties": {}}
    for key, inner in every.items():
        if is_own(key) or key in refused:
            continue
        table = config
        *tables, name = key.split(".")
        for part in tables:
            empty = {"type": "object", "additionalProperties": False, "properties": {}}
            table = table["properties"].setdefault(part, empty)
        table["properties"][name] = allowed_value(inner)
    config["description"] = "Keys of ledgerline.toml that the chart does not set itself, without secrets."
    trunk = {key.removeprefix("trunk."): inner for key, inner in every.items() if key.startswith("trunk.")}
    for name in ("password", "password_file", "password_env"):
        trunk.pop(name, None)
    own = {"type": "object", "additionalProperties": False, "required": ["name", "key"], "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253},
        "key": {"type": "string", "pattern": "^[-_a-zA-Z0-9][-._a-zA-Z0-9]*$", "maxLength": 253},
    }, "description": "A Secret with the trunk's password."}
    properties = {name: allowed_value(inner) for name, inner in trunk.items()}
    properties |= {"name": TRUNK_NAME, "passwordSecret": own}
    item = {"type": "object", "additionalProperties": False, "required": ["name", "address"], "properties": properties}
    return config, item


def without_texts(schema):
    """Returns the settings of a schema without what editors show."""
    return {key: {name: value for name, value in inner.items() if name != "description"} for key, inner in settings(schema)}


def compare(values_schema, schema):
    """Returns how the chart's values differ from the settings of the program."""
    config, item = allowed(schema)
    faults = []
    for name, have, want in (
        ("config", values_schema["properties"]["config"], config),
        ("trunks", values_schema["properties"]["trunks"]["items"], item),
    ):
        have, want = without_texts(have), without_texts(want)
        faults += [f"{name}: the program has {key}, the chart has not" for key in want if key not in have]
        faults += [f"{name}: the chart has {key}, the program has not" for key in have if key not in want]
        faults += [f"{name}: {key} has another schema" for key in want if key in have and have[key] != want[key]]
    return faults


def validate(config, schema):
    """Returns what is wrong with a configuration."""
    known = {key for key, _ in settings(schema)}
    faults = [f"unknown key {key}" for key, _ in leaves(config) if key not in known]
    validator = jsonschema.validators.validator_for(schema)(schema)
    return faults + [f"{error.json_path}: {error.message}" for error in validator.iter_errors(config)]


def unknown_variable(variable, schema):
    """Returns a fault if an environment variable is no setting."""
    key = re.sub("^ledgerline__", "", variable.lower()).replace("__", ".")
    return [] if key in dict(settings(schema)) else [f"{variable} is no setting"]


def main():
    file = pathlib.Path(sys.argv[1]) / "values.schema.json"
    values_schema, schema = json.loads(file.read_text()), json.loads(pathlib.Path(sys.argv[2]).read_text())
    config, item = allowed(schema)
    values_schema["properties"]["config"] = config
    values_schema["properties"]["trunks"] = {"type": "array", "items": item}
    file.write_text(json.dumps(values_schema, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
