//! Every message about a configuration, with its line or variable.

use super::Case;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

#[test]
fn every_fault_names_its_line_and_what_to_do() {
    let file = "data = 7\n\
                [http]\n\
                lisen = \"127.0.0.1:1\"\n\
                tls_cert = \"/c\"\n\
                trusted_proxies = \"10.0.0.1\"\n\
                console = \"yes\"\n\
                listen = \"8080\"\n\
                [reports]\n\
                compliance = \"decade\"\n\
                [colour]\n\
                [sip]\n\
                listen = \"\"\n\
                [store]\n\
                url_file = \"/no/such/file\"\n\
                [messages]\n\
                secret_env = \"UNSET\"\n\
                [read_db]\n\
                url_env = \"SET\"\n\
                url_file = \"/no/such/file\"\n\
                [rtp.ports]\n\
                first = 1\n";
    let faults = Case::of(file).faults();
    let expected = [
        "ledgerline.toml:1: data must be text, not an integer; example: \"/var/lib/ledgerline\"",
        "ledgerline.toml:3: unknown key http.lisen; did you mean http.listen?",
        "ledgerline.toml:4: http.tls_cert needs http.tls_key",
        "ledgerline.toml:5: http.trusted_proxies must be a list of text, not text; example: [\"10.0.0.0/24\", \"192.0.2.7\"]",
        "ledgerline.toml:6: http.console must be true or false, not text; example: true",
        "ledgerline.toml:7: http.listen = \"8080\": invalid socket address syntax",
        "ledgerline.toml:9: reports.compliance = \"decade\": must be day, week, month, quarter or year",
        "ledgerline.toml:10: unknown key colour",
        "ledgerline.toml:12: sip.listen is empty; give a value, or leave it out",
        "ledgerline.toml:14: store.url_file: /no/such/file: No such file or directory (os error 2)",
        "ledgerline.toml:16: messages.secret_env names the variable UNSET, which is not set",
        "ledgerline.toml:21: unknown key rtp.ports.first",
    ];
    for line in expected {
        assert!(
            faults.iter().any(|fault| fault == line),
            "{line}\nin\n{}",
            faults.join("\n")
        );
    }
    let twice = faults.iter().find(|fault| fault.contains("contradicts"));
    let twice = twice.map(String::as_str).unwrap_or_default();
    assert!(
        twice.contains("read_db.url_file") && twice.contains("read_db.url_env"),
        "{twice}"
    );
}

#[test]
fn contradictions_of_the_file_are_found() {
    for (file, fault) in [
        (
            "data = \"/a\"\ndata = \"/b\"\n",
            "ledgerline.toml:2: duplicate key data",
        ),
        ("[http]\n[http]\n", "ledgerline.toml:2: duplicate key http"),
        (
            "data = \"/a\"\nstore.url = \"sqlite:/b\"\n",
            "ledgerline.toml:2: store.url = \"sqlite:/b\" contradicts data = \"/a\" (ledgerline.toml:1): \
             an embedded log is in the data directory",
        ),
        (
            "[messages]\ngateway = \"https://sms.example/\"\n",
            "ledgerline.toml:2: messages.gateway needs messages.signature",
        ),
        ("http = 1\n", "ledgerline.toml:1: http is a table: write [http]"),
        (
            "[trunk]\nname = \"a\"\n",
            "ledgerline.toml:1: trunk is an array of tables: write [[trunk]]",
        ),
    ] {
        assert_eq!(Case::of(file).faults(), [fault], "{file}");
    }
}

#[test]
fn two_settings_that_exclude_each_other_are_named_with_their_places() {
    let case = Case::of("[http]\ntls_cert = \"/c\"\ntls_key = \"/k\"\ntls_self_signed = true\n");
    assert_eq!(
        case.faults(),
        [
            "ledgerline.toml:4: http.tls_self_signed contradicts http.tls_cert (ledgerline.toml:2): keep one of them",
            "ledgerline.toml:4: http.tls_self_signed contradicts http.tls_key (ledgerline.toml:3): keep one of them",
        ]
    );
    let off = Case::of("[http]\ntls_cert = \"/c\"\ntls_key = \"/k\"\ntls_self_signed = false\n");
    assert_eq!(off.faults(), Vec::<String>::new());
}

#[test]
fn unknown_and_empty_variables_are_errors_with_a_suggestion() {
    for (name, value, fault) in [
        (
            "LEDGERLINE__HTTP__LISEN",
            "x",
            "LEDGERLINE__HTTP__LISEN: unknown variable; did you mean LEDGERLINE__HTTP__LISTEN?",
        ),
        ("LEDGERLINE__COLOUR", "x", "LEDGERLINE__COLOUR: unknown variable"),
        (
            "LEDGERLINE__STORE__URL",
            "",
            "LEDGERLINE__STORE__URL: store.url is empty; give a value, or leave it out",
        ),
        (
            "LEDGERLINE__DATA",
            "/a\n/b",
            "LEDGERLINE__DATA: data contains a control character (U+000A)",
        ),
        (
            "LEDGERLINE__HTTP__CONSOLE",
            "yes",
            "LEDGERLINE__HTTP__CONSOLE: http.console must be true or false, not text; example: true",
        ),
        (
            "LEDGERLINE__TRUNK__MAIN__LEG_MAX",
            "1",
            "LEDGERLINE__TRUNK__MAIN__LEG_MAX: unknown variable; did you mean LEDGERLINE__TRUNK__MAIN__LEGS_MAX?",
        ),
        (
            "LEDGERLINE__TRUNK__MAIN__LEGS_MAX",
            "1",
            "LEDGERLINE__TRUNK__MAIN__LEGS_MAX: trunk main needs its address (sip:HOST:PORT)",
        ),
    ] {
        assert_eq!(
            Case::of("").with_variable(name, value).faults(),
            [fault],
            "{name}"
        );
    }
    let mut case = Case::of("");
    case.variables
        .push(("LEDGERLINE__DATA".into(), OsString::from_vec(vec![0xff])));
    assert_eq!(case.faults(), ["LEDGERLINE__DATA: its value is not UTF-8"]);
    assert_eq!(
        Case::of("")
            .with_variable("LEDGERLINE_TEST_POSTGRES", "x")
            .faults(),
        Vec::<String>::new()
    );
}

#[test]
fn faults_of_a_trunk_name_their_line() {
    let head = "[[trunk]]\naddress = \"sip:192.0.2.1:5060\"\nname = \"main\"\n";
    for (rest, fault) in [
        (
            "",
            "ledgerline.toml:2: trunk main: from=NUMBER is required: the caller number that calls show",
        ),
        (
            "legs_maximum = 3\n",
            "ledgerline.toml:4: unknown key trunk.legs_maximum",
        ),
        (
            "leg_max = 3\n",
            "ledgerline.toml:4: unknown key trunk.leg_max; did you mean trunk.legs_max?",
        ),
        (
            "legs_max = \"3\"\n",
            "ledgerline.toml:4: trunk.legs_max must be an integer, not text; example: 30",
        ),
        (
            "legs_max = 0\n",
            "ledgerline.toml:4: trunk.legs_max of main: must be 1 to 10000",
        ),
        (
            "ring_timeout = \"30\"\n",
            "ledgerline.toml:4: trunk.ring_timeout of main: \"30\" is not a duration such as 30s, 500ms, 2m",
        ),
        (
            "from = [\"+15550100\"]\nuser = \"u\"\n",
            "ledgerline.toml:2: trunk main: user and a password belong together",
        ),
        (
            "[[trunk]]\nname = \"main\"\n",
            "ledgerline.toml:4: trunk main is defined twice, first in line 1",
        ),
    ] {
        let faults = Case::of(format!("{head}{rest}")).faults();
        assert!(
            faults.iter().any(|one| one == fault),
            "{fault}\nin\n{}",
            faults.join("\n")
        );
    }
    let flag = Case::of("").with_flags(&[
        "--trunk",
        "sip:192.0.2.1:5060;from=+15550100;user=u;password=hidden",
    ]);
    let faults = flag.faults();
    assert!(
        faults[0].contains("password-file") && !faults[0].contains("hidden"),
        "{faults:?}"
    );
}
