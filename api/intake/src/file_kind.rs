//! What a file is by its first bytes, held against what its name says: a workbook named `.csv`, a PDF or an
//! image is told by its own name, and not as a column that is missing.

use crate::ImportError;

/// First bytes that are looked at: as many as the longest mark below has, and room for blanks before markup.
pub(crate) const HEAD_BYTES: usize = 64;

/// First bytes of every XLSX file (a ZIP archive).
pub(crate) const ARCHIVE_MARK: &[u8] = b"PK\x03\x04";

/// UTF-16 with a mark, which Excel writes as "Unicode text": NUL bytes belong to it.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// One byte of so many must be NUL: of Chinese titles in UTF-16 every fourth character is of ASCII.
const UTF_16_NUL_SHARE: usize = 8;

const MARK_IT: &str =
    "save it as UTF-8, or as \"Unicode text\" with the mark / 请另存为 UTF-8，或带 BOM 的 Unicode 文本";

const SAVE_AS: &str = "save the list as .xlsx or .csv";

/// Files that people take for a list, by their first bytes.
const OTHERS: [(&[u8], &str); 12] = [
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel or Word file (.xls, .doc)",
    ),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
];

/// `head`: the file's first `HEAD_BYTES`; `name`: as its owner calls it, which may have no ending.
pub(crate) fn check(name: &str, head: &[u8]) -> Result<(), ImportError> {
    let other = |kind, hint| Err(ImportError::OtherKind(name.to_owned(), kind, hint));
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let ending = ending.as_deref().unwrap_or_default();
    if head.starts_with(ARCHIVE_MARK) {
        return match ending {
            "csv" | "txt" | "tsv" => other("an XLSX workbook", "name it .xlsx"),
            _ => Ok(()),
        };
    }
    // A CSV file may begin with a title such as "BMI": an image of that kind has NUL bytes at once.
    let is_text = !head.contains(&0);
    let mark = |mark: &[u8]| head.starts_with(mark) && !(mark == b"BM" && is_text);
    if let Some((_, kind)) = OTHERS.iter().find(|(bytes, _)| mark(bytes)) {
        return other(kind, SAVE_AS);
    }
    let start = head.trim_ascii_start().to_ascii_lowercase();
    if [&b"<!doctype"[..], b"<html", b"<table", b"<?xml"]
        .iter()
        .any(|tag| start.starts_with(tag))
    {
        return other("a page of HTML or XML", SAVE_AS);
    }
    if let Some(kind) = unmarked_utf_16(head) {
        return other(kind, MARK_IT);
    }
    if !is_text && !UTF_16_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return other("bytes that are no text", SAVE_AS);
    }
    match ending {
        "xlsx" if !head.is_empty() => other("text", "name it .csv"),
        _ => Ok(()),
    }
}

/// Text in UTF-16 whose mark is missing: every other byte of its ASCII characters is NUL, and a list has many
/// of them (digits, separators).
fn unmarked_utf_16(head: &[u8]) -> Option<&'static str> {
    if UTF_16_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return None;
    }
    let (mut first, mut second) = (0, 0);
    for (index, _) in head.iter().enumerate().filter(|(_, byte)| **byte == 0) {
        match index % 2 {
            0 => first += 1,
            _ => second += 1,
        }
    }
    // Of 32 characters at most; where the head has fewer, of those it has.
    let many = head.len() / UTF_16_NUL_SHARE;
    match (first, second) {
        (0, seen) if seen > many => {
            Some("text in UTF-16LE without its byte order mark (UTF-16LE 文本，缺少 BOM)")
        }
        (seen, 0) if seen > many => {
            Some("text in UTF-16BE without its byte order mark (UTF-16BE 文本，缺少 BOM)")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, head: &[u8]) -> String {
        check(name, head).map_or_else(|error| error.to_string(), |()| "read".to_owned())
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_named() {
        for (name, head, kind) in [
            ("people.csv", b"PK\x03\x04rest".as_slice(), "an XLSX workbook"),
            ("people.csv", b"%PDF-1.7\n", "a PDF document"),
            ("people.xlsx", b"\x89PNG\r\n\x1a\n", "a PNG image"),
            ("people.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel"),
            ("people.xls", b"  <HTML><body>", "a page of HTML"),
            ("people.csv", b"BM\x36\0\0\0", "a BMP image"),
            (
                "people.csv",
                b"i\0d\0,\0",
                "text in UTF-16LE without its byte order mark",
            ),
            (
                "people.csv",
                b"\0i\0d\0,",
                "text in UTF-16BE without its byte order mark",
            ),
            ("people.csv", b"id,\0\0\0phone", "bytes that are no text"),
            ("people.xlsx", b"id,phone\n", "text"),
        ] {
            let said = said(name, head);
            assert!(said.contains(&format!("{name:?} holds {kind}")), "{said}");
        }
    }

    #[test]
    fn what_it_says_it_is_is_read() {
        for (name, head) in [
            ("people.csv", "客户ID,手机号\n".as_bytes()),
            ("people.csv", b"BMI,phone\n"),
            ("people.csv", b"\xff\xfei\0d\0"),
            ("people.xlsx", b"PK\x03\x04"),
            ("upload", b"PK\x03\x04"),
            ("upload", b"id,phone\n"),
            ("people.csv", b""),
        ] {
            assert_eq!(said(name, head), "read", "{name}");
        }
    }
}
