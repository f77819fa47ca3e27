//! Tests of the configuration with the real arguments of `serve`: the table of settings, the sources and
//! their order, every message, secrets and hostile files.

use crate::commands::serve_configuration::serve_command;
use clap::{ArgAction, Command};
use host::configuration::effective::Configuration;
use host::configuration::load::{ConfigurationSources, FileChoice, load};
use host::configuration::print::{SourceDisplay, json_value, toml_lines};
use host::configuration::setting::{MaskRule, Setting, SettingKind};
use host::configuration::settings::SETTINGS;
use host::configuration::trunk_settings::TRUNK_SETTINGS;
use host::configuration::{example, reference};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The sources of one case.
struct Case {
    folder: tempfile::TempDir,
    flags: Vec<String>,
    variables: Vec<(OsString, OsString)>,
    masks: MaskRule,
}

impl Case {
    /// A file with this content, which only its owner can read.
    fn of(content: impl AsRef<[u8]>) -> Self {
        let case = Self {
            folder: tempfile::tempdir().unwrap(),
            flags: Vec::new(),
            variables: Vec::new(),
            masks: MaskRule::Refuse,
        };
        std::fs::write(case.file(), content).unwrap();
        case.with_mode(0o600)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ledgerline.toml")
    }

    fn with_mode(self, mode: u32) -> Self {
        std::fs::set_permissions(self.file(), PermissionsExt::from_mode(mode)).unwrap();
        self
    }

    fn with_flags(mut self, flags: &[&str]) -> Self {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn load(&self) -> Result<Configuration, Vec<String>> {
        let serve = serve_command();
        let all = std::iter::once("serve").chain(self.flags.iter().map(String::as_str));
        let matches = serve_command()
            .ignore_errors(true)
            .try_get_matches_from(all)
            .unwrap();
        let known = |name: &str| (name == "SET").then(|| "from-variable".to_owned());
        let loaded = load(&ConfigurationSources {
            serve: &serve,
            matches: &matches,
            file: FileChoice::Named(self.file()),
            variables: self.variables.clone(),
            variable: &known,
            masks: self.masks,
        });
        let folder = format!("{}/", self.folder.path().display());
        loaded.map_err(|faults| {
            faults
                .lines()
                .iter()
                .map(|line| line.replace(&folder, ""))
                .collect()
        })
    }

    fn faults(&self) -> Vec<String> {
        match self.load() {
            Ok(_) => Vec::new(),
            Err(faults) => faults,
        }
    }

    fn arguments(&self) -> Vec<String> {
        let loaded = self.load().unwrap();
        let texts = loaded
            .arguments()
            .into_iter()
            .map(|text| text.into_string().unwrap());
        texts.collect()
    }
}

fn printed(configuration: &Configuration, sources: SourceDisplay) -> String {
    toml_lines(configuration, sources).join("\n")
}

fn flags(command: &Command) -> BTreeSet<String> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let longs = shown.filter_map(|argument| argument.get_long().map(str::to_owned));
    longs
        .filter(|flag| !["config", "trunk", "help"].contains(&flag.as_str()))
        .collect()
}

#[test]
fn every_flag_has_one_setting_and_every_setting_a_flag() {
    let serve = serve_command();
    let known: Vec<&str> = SETTINGS
        .iter()
        .flat_map(|setting| [Some(setting.flag), setting.variable_flag])
        .flatten()
        .collect();
    let once: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!(once.len(), known.len(), "a flag has two settings");
    for flag in flags(&serve) {
        assert!(once.contains(flag.as_str()), "--{flag} needs a row in SETTINGS");
    }
    for setting in SETTINGS {
        let argument = serve
            .get_arguments()
            .find(|one| one.get_long() == Some(setting.flag));
        let argument = argument.unwrap_or_else(|| panic!("{} has no flag", setting.key));
        let is_right = match setting.kind {
            SettingKind::Text => matches!(argument.get_action(), ArgAction::Set),
            SettingKind::List { .. } => matches!(argument.get_action(), ArgAction::Append),
            SettingKind::Switch | SettingKind::InvertedSwitch => {
                matches!(argument.get_action(), ArgAction::SetTrue)
            }
            SettingKind::Integer => false,
        };
        assert!(is_right, "the kind of {} is not that of its flag", setting.key);
    }
    let keys: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len(), "a key is there twice");
    let tables: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.table_and_name().0)
        .collect();
    let mut runs = tables.clone();
    runs.dedup();
    let different: BTreeSet<&str> = tables.into_iter().collect();
    assert_eq!(
        runs.len(),
        different.len(),
        "the rows of a table are not together"
    );
}

#[test]
fn a_setting_requires_what_its_flag_requires() {
    for setting in SETTINGS
        .iter()
        .filter(|setting| setting.kind != SettingKind::InvertedSwitch)
    {
        let argument = match setting.kind {
            SettingKind::Switch => format!("--{}", setting.flag),
            _ => format!("--{}={}", setting.flag, setting.example[0]),
        };
        let is_refused = serve_command()
            .try_get_matches_from(["serve", &argument])
            .is_err();
        let is_known = !setting.requires.is_empty();
        assert!(
            is_known || !is_refused,
            "{argument} needs another flag that its row does not name"
        );
        for needed in setting.requires {
            assert!(SETTINGS.iter().any(|other| other.key == *needed), "{needed}");
        }
    }
}

#[test]
fn the_example_file_is_valid_when_its_settings_are_used() {
    let used: Vec<String> = example::lines()
        .iter()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
            _ => line.clone(),
        })
        .collect();
    let case = Case::of(used.join("\n"));
    assert_eq!(case.faults(), Vec::<String>::new());
    let loaded = case.load().unwrap();
    let shown = printed(&loaded, SourceDisplay::Hidden);
    for setting in SETTINGS {
        assert!(shown.contains(setting.table_and_name().1), "{}", setting.key);
        let is_default = !shown.contains(setting.example[0]) && !matches!(setting.kind, SettingKind::Switch);
        assert!(
            !is_default || setting.has_references(),
            "{} is not used",
            setting.key
        );
    }
    assert_eq!(
        Case::of(example::lines().join("\n")).faults(),
        Vec::<String>::new()
    );
    assert_eq!(loaded.trunks().len(), 1);
}

#[test]
fn the_published_page_is_generated() {
    let published = include_str!("../../../../docs/reference/configuration.md");
    let generated = reference::page(&serve_command());
    assert!(
        published.trim_end() == generated.trim_end(),
        "generate it again: ledgerline config reference > docs/reference/configuration.md"
    );
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let file = "data = \"/file\"\n[http]\nlisten = \"127.0.0.1:1\"\nconsole = false\n";
    let from_file = Case::of(file);
    assert_eq!(
        from_file.arguments(),
        ["--data=/file", "--http=127.0.0.1:1", "--no-console"]
    );
    let from_variable = Case::of(file)
        .with_variable("LEDGERLINE__HTTP__LISTEN", "127.0.0.1:2")
        .with_variable("LEDGERLINE__HTTP__CONSOLE", "true");
    assert_eq!(from_variable.arguments(), ["--data=/file", "--http=127.0.0.1:2"]);
    let from_flag = Case::of(file)
        .with_variable("LEDGERLINE__HTTP__LISTEN", "127.0.0.1:2")
        .with_flags(&["--http", "127.0.0.1:3"]);
    assert_eq!(from_flag.arguments(), ["--data=/file", "--no-console"]);
    let loaded = from_flag.load().unwrap();
    assert_eq!(loaded.values("http.listen"), ["127.0.0.1:3"]);
    assert_eq!(loaded.values("drain"), ["10m"]);
    let shown = printed(&loaded, SourceDisplay::Shown).replace(&from_flag.file().display().to_string(), "F");
    let line = "listen = \"127.0.0.1:3\"  # --http, overrides LEDGERLINE__HTTP__LISTEN (\"127.0.0.1:2\"), \
                F:3 (\"127.0.0.1:1\")";
    assert!(shown.lines().any(|shown| shown == line), "{shown}");
    assert!(shown.contains("drain = \"10m\"  # default"), "{shown}");
    let json = json_value(&loaded, SourceDisplay::Hidden);
    assert_eq!(json["http"]["listen"], "127.0.0.1:3");
    assert_eq!(json["http"]["console"], false);
}

#[test]
fn lists_are_replaced_and_a_variable_separates_them_by_commas() {
    let file = "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1\"]\n";
    assert_eq!(
        Case::of(file).load().unwrap().values("http.trusted_proxies"),
        ["10.0.0.0/8", "192.0.2.1"]
    );
    for (value, expected) in [
        ("192.0.2.7, 192.0.2.8", vec!["192.0.2.7", "192.0.2.8"]),
        ("[\"192.0.2.9\"]", vec!["192.0.2.9"]),
        ("[]", vec![]),
    ] {
        let case = Case::of(file).with_variable("LEDGERLINE__HTTP__TRUSTED_PROXIES", value);
        assert_eq!(
            case.load().unwrap().values("http.trusted_proxies"),
            expected,
            "{value}"
        );
    }
}

#[test]
fn the_old_variable_of_the_log_level_wins_over_the_new_one() {
    let case = Case::of("log.level = \"info\"\n")
        .with_variable("LEDGERLINE__LOG__LEVEL", "error")
        .with_variable("LEDGERLINE_LOG", "debug,colour");
    assert_eq!(case.load().unwrap().values("log.level"), ["debug,colour"]);
    let flag = case.with_flags(&["--log-level", "trace"]);
    assert_eq!(flag.load().unwrap().values("log.level"), ["trace"]);
}

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
                compliance = \"year\"\n\
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
        "ledgerline.toml:9: reports.compliance = \"year\": it must be one of week, month, quarter",
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
fn trunks_of_all_sources_are_merged_by_name_and_key_by_key() {
    let file = "[[trunk]]\nname = \"main\"\naddress = \"sip:192.0.2.1:5060\"\nfrom = [\"+15550100\", \"+15550101\"]\n\
                legs_max = 30\nuser = \"robot\"\npassword = \"semi;colon\"\nprobe = false\nnat = true\n\
                [[trunk]]\naddress = \"sip:127.0.0.1:5070\"\nuser = \"phone\"\npassword_env = \"SET\"\n";
    let case = Case::of(file)
        .with_variable("LEDGERLINE__TRUNK__MAIN__DIALS_PER_SECOND", "3")
        .with_variable("LEDGERLINE__TRUNK__127_0_0_1_5070__LEGS_MAX", "7")
        .with_variable("LEDGERLINE__TRUNK__SPARE__ADDRESS", "sip:127.0.0.1:5080")
        .with_flags(&[
            "--trunk",
            "sip:127.0.0.1:5090;legs-max=9",
            "--trunk",
            "sip:192.0.2.1:5061;name=main;legs-max=31",
        ]);
    let trunks = case.load().unwrap().trunks();
    let names: Vec<&str> = trunks.iter().map(|trunk| trunk.name.as_str()).collect();
    assert_eq!(names, ["127.0.0.1:5090", "main", "127.0.0.1:5070", "spare"]);
    let main = &trunks[1];
    assert_eq!((main.port, main.legs_max, main.dials_per_second), (5061, 31, 3));
    assert_eq!(main.from.len(), 2);
    assert_eq!(
        main.password.as_ref().unwrap().read().as_deref(),
        Ok("semi;colon")
    );
    assert_eq!(
        (trunks[2].legs_max, trunks[2].user.as_deref()),
        (7, Some("phone"))
    );
    assert!(!trunks[2].profile.user_phone);
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

#[test]
fn a_secret_in_the_file_must_be_unreadable_for_others() {
    let file = "[messages]\nsecret = \"hidden\"\n";
    assert_eq!(Case::of(file).with_mode(0o640).faults(), Vec::<String>::new());
    let exposed = Case::of(file).with_mode(0o644);
    assert_eq!(
        exposed.faults(),
        [
            "ledgerline.toml:2: messages.secret is a secret, but other users can read ledgerline.toml (mode 0644): \
          run chmod o-rwx ledgerline.toml, or use messages.secret_file or messages.secret_env"
        ]
    );
    for (file, is_exposed) in [
        ("store.url = \"postgres://u:hidden@db.example/l\"", true),
        ("store.url = \"postgres://u@db.example/l?password=hidden\"", true),
        ("store.url = \"postgres://u@db.example/l\"", false),
        ("keys.location = \"postgres://u:hidden@db.example/l\"", true),
        (
            "[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\nuser = \"u\"\npassword = \"hidden\"",
            true,
        ),
        ("messages.secret_env = \"SET\"", false),
    ] {
        let faults = Case::of(file).with_mode(0o604).faults();
        assert_eq!(!faults.is_empty(), is_exposed, "{file}: {faults:?}");
        assert!(!faults.join("").contains("hidden"), "{faults:?}");
    }
}

#[test]
fn a_secret_comes_from_its_file_or_variable_and_is_never_shown() {
    let case = Case::of("");
    let secret = case.folder.path().join("secret");
    std::fs::write(&secret, "postgres://u:hidden@db.example/l\n").unwrap();
    let file = format!(
        "[store]\nurl_file = \"{}\"\n[read_db]\nurl = \"postgres://u:hidden@db.example/v\"\n[messages]\nsecret_env = \"SET\"\n\
         [keys]\nmaster_key_env = \"SET\"\n[number_check]\nurl = \"https://n.example/\"\n\
         secret = \"whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu\"\n",
        secret.display()
    );
    std::fs::write(case.file(), file).unwrap();
    let loaded = case.load().unwrap();
    assert_eq!(loaded.values("store.url"), ["postgres://u:hidden@db.example/l"]);
    assert_eq!(loaded.values("messages.secret"), ["from-variable"]);
    assert_eq!(loaded.values("keys.master_key"), ["env:SET"]);
    for sources in [SourceDisplay::Hidden, SourceDisplay::Shown] {
        for shown in [
            printed(&loaded, sources),
            json_value(&loaded, sources).to_string(),
            format!("{loaded:?}"),
        ] {
            for hidden in ["hidden", "from-variable", "whsec_a"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
    let shown = printed(&loaded, SourceDisplay::Hidden);
    for line in [
        format!("url_file = \"{}\"", secret.display()),
        "url = \"postgres://u:***@db.example/v\"".to_owned(),
        "secret_env = \"SET\"".to_owned(),
        "secret = \"***\"".to_owned(),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
    }
}

#[test]
fn a_printed_file_can_be_shown_again_but_starts_no_server() {
    let file = "[read_db]\nurl = \"postgres://u:hidden@db.example/v\"\n[messages]\nsecret = \"hidden\"\n";
    let shown = printed(&Case::of(file).load().unwrap(), SourceDisplay::Hidden);
    let mut again = Case::of(&shown).with_mode(0o644);
    let faults = again.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults.iter().all(|fault| fault.contains("mask of config print")),
        "{faults:?}"
    );
    again.masks = MaskRule::Accept;
    assert_eq!(printed(&again.load().unwrap(), SourceDisplay::Hidden), shown);
}

#[test]
fn a_secret_on_the_command_line_warns_and_is_not_repeated() {
    let case = Case::of("").with_flags(&[
        "--data=/d",
        "--store=postgres://u:hidden@db.example/l",
        "--trunk=sip:127.0.0.1:5070;user=u;password=hidden",
    ]);
    let warnings = case.load().unwrap().argument_warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("--store") && warnings[0].contains("store.url_file"),
        "{warnings:?}"
    );
    assert!(!warnings.join("").contains("hidden"), "{warnings:?}");
    let quiet = Case::of("[store]\nurl = \"postgres://u:hidden@db.example/l\"\n").with_flags(&["--data=/d"]);
    assert_eq!(quiet.load().unwrap().argument_warnings(), Vec::<String>::new());
}

#[test]
fn changes_are_compared_by_value_and_need_a_restart_unless_their_row_says_otherwise() {
    let before = Case::of(
        "log.level = \"info\"\n[http]\nlisten = \"127.0.0.1:1\"\n[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\n",
    );
    let after = Case::of(
        "# moved\nlog.level = \"debug\"\n[http]\nlisten = \"127.0.0.1:2\"\n[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\nlegs_max = 3\n",
    );
    let changes = before.load().unwrap().changes(&after.load().unwrap());
    let changes: Vec<String> = changes
        .iter()
        .map(|one| format!("{} {:?}", one.key, one.reload))
        .collect();
    assert_eq!(
        changes,
        [
            "log.level Reload",
            "http.listen Restart",
            "trunk 127.0.0.1:5070 Restart"
        ]
    );
    let same = Case::of(
        "# moved\n\nlog.level = \"info\"\n[http]\nlisten = \"127.0.0.1:1\"\n[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\n",
    );
    assert_eq!(before.load().unwrap().changes(&same.load().unwrap()), []);
}

#[test]
fn hostile_files_are_refused_with_their_reason() {
    let deep = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let dotted = format!("{}a = 1", "a.".repeat(400_000));
    let dots_in_a_comment = format!("# {}\ndata = \"{}\"\n", ".".repeat(100), "a.".repeat(100));
    let many = "x = 1\n".repeat(1_000);
    for (content, fault) in [
        (
            b"data = \"/a\xff\"\n".to_vec(),
            Some("ledgerline.toml:1: not UTF-8"),
        ),
        (
            b"\xff\xfed\x00a\x00".to_vec(),
            Some("ledgerline.toml:1: not UTF-8"),
        ),
        (
            b"data = \"a\x00b\"\n".to_vec(),
            Some("ledgerline.toml:1: not valid TOML"),
        ),
        (
            b"data = \"a\\u0000b\"\n".to_vec(),
            Some("ledgerline.toml:1: data contains a control character (U+0000)"),
        ),
        (b"\xef\xbb\xbfdata = \"/a\"\r\n\r\n".to_vec(), None),
        (b"".to_vec(), None),
        (deep.into_bytes(), Some("ledgerline.toml:1: ")),
        (
            dotted.into_bytes(),
            Some("ledgerline.toml:1: a key has more than 16 parts"),
        ),
        (dots_in_a_comment.into_bytes(), None),
        (many.into_bytes(), Some("ledgerline.toml:2: duplicate key x")),
        (
            vec![b'#'; 1024 * 1024 + 1],
            Some("ledgerline.toml: it is larger than 1024 KiB"),
        ),
        (vec![b'#'; 1024 * 1024], None),
    ] {
        let faults = Case::of(&content).faults();
        let first = faults.first().map(String::as_str);
        match fault {
            None => assert_eq!(first, None),
            Some(fault) => assert!(
                first.is_some_and(|first| first.starts_with(fault)),
                "{fault}: {first:?}"
            ),
        }
        assert!(faults.len() <= 101, "{}", faults.len());
    }
}

#[test]
fn a_directory_a_pipe_and_a_missing_file_are_refused_at_once() {
    let case = Case::of("");
    std::fs::remove_file(case.file()).unwrap();
    assert_eq!(
        case.faults(),
        ["ledgerline.toml: No such file or directory (os error 2)"]
    );
    std::fs::create_dir(case.file()).unwrap();
    assert_eq!(case.faults(), ["ledgerline.toml: it is not a regular file"]);
    std::fs::remove_dir(case.file()).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, case.file(), rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(case.faults(), ["ledgerline.toml: it is not a regular file"]);
}

#[test]
fn a_large_file_is_not_read_beyond_the_limit() {
    let case = Case::of("");
    let file = std::fs::File::options().write(true).open(case.file()).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_eq!(case.faults(), ["ledgerline.toml: it is larger than 1024 KiB"]);
}

#[test]
fn a_secret_in_a_file_of_another_user_is_refused() {
    let case = Case::of("messages.secret = \"hidden\"\n");
    let (owner, group) = (4_711, None::<u32>);
    if std::os::unix::fs::chown(case.file(), Some(owner), group).is_err() {
        return; // Only root can give a file away.
    }
    let faults = case.faults();
    assert!(faults[0].contains("belongs to user 4711"), "{faults:?}");
    std::fs::write(case.file(), "messages.secret_env = \"SET\"\n").unwrap();
    assert_eq!(case.faults(), Vec::<String>::new());
}

#[test]
fn every_row_of_a_trunk_is_accepted_with_its_example() {
    let plain = |setting: &&Setting| setting.key != "address";
    for setting in TRUNK_SETTINGS.iter().filter(plain) {
        let value = match setting.kind {
            SettingKind::Text => format!("{:?}", setting.example[0]),
            SettingKind::List { .. } => format!("{:?}", setting.example),
            _ => setting.example[0].to_owned(),
        };
        let rest = match setting.key {
            "user" => "password = \"p\"\n",
            "password" => "user = \"u\"\n",
            _ => "",
        };
        let file = format!(
            "[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\n{} = {value}\n{rest}",
            setting.key
        );
        assert_eq!(Case::of(&file).faults(), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_missing_default_file_is_no_error() {
    let serve = serve_command();
    let matches = serve_command()
        .ignore_errors(true)
        .try_get_matches_from(["serve"])
        .unwrap();
    if Path::new(host::configuration::load::FILE_DEFAULT).exists() {
        return; // This machine has an installed server.
    }
    let loaded = load(&ConfigurationSources {
        serve: &serve,
        matches: &matches,
        file: FileChoice::Default,
        variables: Vec::new(),
        variable: &|_| None,
        masks: MaskRule::Refuse,
    });
    assert_eq!(loaded.unwrap().file(), None);
}
