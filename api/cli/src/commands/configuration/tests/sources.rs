//! Flags, variables and the file in their order, with trunks merged by name.

use super::{Case, printed};
use crate::commands::serve_configuration::serve_command;
use host::configuration::load::{ConfigurationSources, FileChoice, load};
use host::configuration::print::{SourceDisplay, json_value};
use host::configuration::setting::MaskRule;
use std::path::Path;

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
