//! Files that are no configuration: too large, too deep, not text, not files.

use super::Case;

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
