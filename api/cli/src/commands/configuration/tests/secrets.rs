//! Secrets of a configuration: guarded in the file, read from other places, masked in every output.

use super::{Case, printed};
use host::configuration::print::{SourceDisplay, json_value};
use host::configuration::setting::MaskRule;

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
