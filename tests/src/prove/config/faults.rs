//! Forty faulty configurations, each with the exact lines that the program prints.

use crate::program::{command, ledgerline};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A faulty configuration.
struct Fault {
    file: &'static str,
    /// An environment variable, or none.
    variable: Option<(&'static str, &'static str)>,
    /// The lines on standard error.
    lines: &'static [&'static str],
}

const fn of_file(file: &'static str, lines: &'static [&'static str]) -> Fault {
    Fault {
        file,
        variable: None,
        lines,
    }
}

const fn of_variable(name: &'static str, value: &'static str, lines: &'static [&'static str]) -> Fault {
    Fault {
        file: "",
        variable: Some((name, value)),
        lines,
    }
}

const FAULTS: &[Fault] = &[
    of_file(
        "\n\n[http]\nlisen = \"x\"\n",
        &["ledgerline.toml:4: unknown key http.lisen; did you mean http.listen?"],
    ),
    of_file(
        "htpp.listen = \"x\"\n",
        &["ledgerline.toml:1: unknown key htpp.listen; did you mean http.listen?"],
    ),
    of_file(
        "[htpp]\nlisten = \"x\"\n",
        &["ledgerline.toml:2: unknown key htpp.listen; did you mean http.listen?"],
    ),
    of_file(
        "trusted-proxy = []\n",
        &["ledgerline.toml:1: unknown key trusted-proxy; did you mean http.trusted_proxies?"],
    ),
    of_file(
        "rtp_ports = \"1-2\"\n",
        &["ledgerline.toml:1: unknown key rtp_ports; did you mean rtp.ports?"],
    ),
    of_file("colour = \"red\"\n", &["ledgerline.toml:1: unknown key colour"]),
    of_file(
        "\"http.listen\" = \"x\"\n",
        &["ledgerline.toml:1: unknown key \"http.listen\"; did you mean http.listen?"],
    ),
    of_file(
        "[http.listen]\nport = 1\n",
        &["ledgerline.toml:2: unknown key http.listen.port"],
    ),
    of_file(
        "dat = 1\nlog.levle = \"x\"\n",
        &[
            "ledgerline.toml:1: unknown key dat; did you mean data?",
            "ledgerline.toml:2: unknown key log.levle; did you mean log.level?",
        ],
    ),
    of_file(
        "data = 7\n",
        &["ledgerline.toml:1: data must be text, not an integer; example: \"/var/lib/ledgerline\""],
    ),
    of_file(
        "data = 1.5\n",
        &["ledgerline.toml:1: data must be text, not a decimal number; example: \"/var/lib/ledgerline\""],
    ),
    of_file(
        "rehearsal.at = 2026-03-02T10:00:00+08:00\n",
        &[
            "ledgerline.toml:1: rehearsal.at must be text, not a date or time without quotation marks; example: \"2026-03-02T10:00:00+08:00\"",
        ],
    ),
    of_file(
        "http.console = \"no\"\n",
        &["ledgerline.toml:1: http.console must be true or false, not text; example: true"],
    ),
    of_file(
        "http.trusted_proxies = \"10.0.0.1\"\n",
        &[
            "ledgerline.toml:1: http.trusted_proxies must be a list of text, not text; example: [\"10.0.0.0/24\", \"192.0.2.7\"]",
        ],
    ),
    of_file(
        "http.trusted_proxies = [1]\n",
        &[
            "ledgerline.toml:1: http.trusted_proxies must be a list of text, not a list with other values; example: [\"10.0.0.0/24\", \"192.0.2.7\"]",
        ],
    ),
    of_file(
        "http = true\n",
        &["ledgerline.toml:1: http is a table: write [http]"],
    ),
    of_file(
        "[trunk]\nname = \"a\"\n",
        &["ledgerline.toml:1: trunk is an array of tables: write [[trunk]]"],
    ),
    of_file(
        "http.listen = \"8080\"\n",
        &["ledgerline.toml:1: http.listen = \"8080\": invalid socket address syntax"],
    ),
    of_file(
        "drain = \"10\"\n",
        &["ledgerline.toml:1: drain: \"10\" is not a duration such as 30s, 500ms, 2m"],
    ),
    of_file(
        "rtp.ports = \"9-1\"\n",
        &["ledgerline.toml:1: rtp.ports: \"9-1\" is not a port range such as 20000-20199"],
    ),
    of_file(
        "log.level = \"inof\"\n",
        &["ledgerline.toml:1: log.level: \"inof\" is not a log level: off, error, warn, info, debug, trace"],
    ),
    of_file(
        "store.url = \"mysql://db\"\n",
        &["ledgerline.toml:1: store.url: a store is sqlite:DIR, postgres://… or kurrent://…"],
    ),
    of_file(
        "sip.listen = \"\"\n",
        &["ledgerline.toml:1: sip.listen is empty; give a value, or leave it out"],
    ),
    of_file(
        "data = \"/a\\u0007\"\n",
        &["ledgerline.toml:1: data contains a control character (U+0007)"],
    ),
    of_file(
        "data = \"/a\"\n\ndata = \"/b\"\n",
        &["ledgerline.toml:3: duplicate key data"],
    ),
    of_file(
        "[http]\ntls_cert = \"/c\"\n",
        &["ledgerline.toml:2: http.tls_cert needs http.tls_key"],
    ),
    of_file(
        "kurrent.append = true\n",
        &["ledgerline.toml:1: kurrent.append needs kurrent.listen"],
    ),
    of_file(
        "data = \"/a\"\nstore.url = \"sqlite:/b\"\n",
        &[
            "ledgerline.toml:2: store.url = \"sqlite:/b\" contradicts data = \"/a\" (ledgerline.toml:1): an embedded log is in the data directory",
        ],
    ),
    of_file(
        "store.url_file = \"/no/such\"\n",
        &["ledgerline.toml:1: store.url_file: /no/such: No such file or directory (os error 2)"],
    ),
    of_file(
        "store.url_env = \"NO_SUCH\"\n",
        &["ledgerline.toml:1: store.url_env names the variable NO_SUCH, which is not set"],
    ),
    of_file(
        "store.url = \"postgres://u:***@db.example/l\"\n",
        &[
            "ledgerline.toml:1: store.url is the mask of config print, not a secret: give the secret, or store.url_file or store.url_env",
        ],
    ),
    of_file(
        "[[trunk]]\nlegs_max = 3\n",
        &[
            "ledgerline.toml:1: a trunk needs its address (sip:HOST:PORT), or the name of a trunk of another source",
        ],
    ),
    of_file(
        "[[trunk]]\naddress = \"sip:127.0.0.1:1\"\nleg_max = 1\n",
        &["ledgerline.toml:3: unknown key trunk.leg_max; did you mean trunk.legs_max?"],
    ),
    of_file(
        "[[trunk]]\naddress = \"sip:127.0.0.1:1\"\nlegs_max = 0\n",
        &["ledgerline.toml:3: trunk.legs_max of 127.0.0.1:1: must be 1 to 10000"],
    ),
    of_file(
        "[[trunk]]\naddress = \"sip:192.0.2.1:1\"\n",
        &["ledgerline.toml:2: trunk 192.0.2.1:1: from=NUMBER is required: the caller number that calls show"],
    ),
    of_file(
        "[[trunk]]\nname = \"a\"\naddress = \"sip:127.0.0.1:1\"\n[[trunk]]\nname = \"a\"\n",
        &["ledgerline.toml:4: trunk a is defined twice, first in line 1"],
    ),
    of_variable(
        "LEDGERLINE__HTTP__LISEN",
        "x",
        &["LEDGERLINE__HTTP__LISEN: unknown variable; did you mean LEDGERLINE__HTTP__LISTEN?"],
    ),
    of_variable(
        "LEDGERLINE__STORE__URL",
        "",
        &["LEDGERLINE__STORE__URL: store.url is empty; give a value, or leave it out"],
    ),
    of_variable(
        "LEDGERLINE__HTTP__LISTEN",
        "127.0.0.1",
        &["LEDGERLINE__HTTP__LISTEN: http.listen = \"127.0.0.1\": invalid socket address syntax"],
    ),
    of_variable(
        "LEDGERLINE__TRUNK__A__LEGS_MAX",
        "3",
        &["LEDGERLINE__TRUNK__A__LEGS_MAX: trunk a needs its address (sip:HOST:PORT)"],
    ),
];

/// Returns how many faulty configurations there are, and for how many the program prints the exact lines.
pub(super) fn count_exact(wrong: &mut Vec<String>) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut exact = 0;
    for fault in FAULTS {
        let lines = lines_of(folder.path(), fault);
        if lines == fault.lines {
            exact += 1;
        } else {
            wrong.push(format!("{:?} instead of {:?}", lines, fault.lines));
        }
    }
    (FAULTS.len(), exact)
}

/// Returns the lines of `config check`; if it does not fail, none of them counts.
fn lines_of(folder: &Path, fault: &Fault) -> Vec<String> {
    let file = folder.join("ledgerline.toml");
    std::fs::write(&file, fault.file).expect("a file can be written");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("our own file has a mode");
    let output = command(ledgerline())
        .args(["config", "check", "ledgerline.toml"])
        .current_dir(folder)
        .env("LC_ALL", "C")
        .envs(fault.variable)
        .output()
        .expect("the built binary starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(1) => text.lines().map(str::to_owned).collect(),
        other => vec![format!("exit code {other:?}: {text}")],
    }
}
