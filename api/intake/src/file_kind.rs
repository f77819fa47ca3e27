//! Detects what a file is by its bytes and compares it with its name. A workbook named `.csv`, a PDF, an
//! image or a workbook with a password is refused as such, and not because of a missing column.

use crate::ImportError;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use zip::ZipArchive;

/// Number of first bytes that are examined: enough for the longest mark below and for blanks before markup.
pub(crate) const HEAD_BYTES: usize = 64;

/// Bytes read at once while a compound file is searched for stream names.
const CHUNK_BYTES: usize = 64 * 1024;

/// First bytes of every XLSX file (a ZIP archive).
pub(crate) const ARCHIVE_MARK: &[u8] = b"PK\x03\x04";

/// Returns true if the file at `path` begins as a ZIP archive, which every XLSX workbook does. The content
/// of the archive is not checked.
pub fn is_workbook(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?
        .take(ARCHIVE_MARK.len() as u64)
        .read_to_end(&mut head)?;
    Ok(head == ARCHIVE_MARK)
}

/// Byte order marks of UTF-16, which Excel writes as "Unicode text". It contains NUL bytes.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Divisor for the least number of NUL bytes in UTF-16 text, relative to its bytes. In Chinese titles every
/// fourth character is ASCII and has a NUL.
const UTF_16_NUL_SHARE: usize = 8;

const MARK_IT: &str =
    "save it as UTF-8, or as \"Unicode text\" with the mark / 请另存为 UTF-8，或带 BOM 的 Unicode 文本";

const SAVE_AS: &str = "save the list as .xlsx or .csv";

/// Files that users may mistake for a list, by their first bytes.
const OTHERS: [(&[u8], &str); 11] = [
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
];

/// First bytes of a compound file (MS-CFB 2.2): Office before 2007, and Office files with a password.
const COMPOUND_MARK: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Streams of a compound file that identify its kind, in this order.
const COMPOUND_KINDS: [(&str, &str, &str); 4] = [
    (
        "EncryptedPackage",
        "a workbook with a password (加密的工作簿)",
        "open it in Excel, remove the password (文件 > 信息 > 保护工作簿 > 用密码进行加密), save it and send it again / \
         请在 Excel 中取消密码后重新保存",
    ),
    ("Workbook", OLD_WORKBOOK, SAVE_AS_XLSX),
    ("Book", OLD_WORKBOOK, SAVE_AS_XLSX),
    ("WordDocument", "an old Word document (.doc)", SAVE_AS),
];

const OLD_WORKBOOK: &str = "an Excel 97-2003 workbook (.xls)";

const SAVE_AS_XLSX: &str = "open it in Excel and save it as .xlsx / 请在 Excel 中另存为 .xlsx";

/// Parts of an archive that identify its kind, in this order. Only the first kind is read.
const ARCHIVE_KINDS: [(&str, Option<(&str, &str)>); 6] = [
    ("xl/workbook.xml", None),
    (
        "xl/workbook.bin",
        Some(("a binary Excel workbook (.xlsb)", SAVE_AS_XLSX)),
    ),
    ("word/document.xml", Some(("a Word document (.docx)", SAVE_AS))),
    (
        "ppt/presentation.xml",
        Some(("a PowerPoint presentation (.pptx)", SAVE_AS)),
    ),
    (
        "content.xml",
        Some((
            "an OpenDocument file (.ods, .odt)",
            "open it in LibreOffice or Excel and save it as .xlsx / 请另存为 .xlsx",
        )),
    ),
    (
        "index/document.iwa",
        Some((
            "a Numbers or Pages document",
            "export it as .xlsx or .csv / 请导出为 .xlsx 或 .csv",
        )),
    ),
];

/// An archive that no program writes as a list.
const PLAIN_ARCHIVE: (&str, &str) = (
    "a ZIP archive that is not a workbook",
    "unpack it and send the list itself / 请解压后发送名单文件本身",
);

/// Fails with `OtherKind` unless the file is an XLSX workbook or text (CSV), by its bytes, and its
/// extension, if any, agrees. `head`: the first `HEAD_BYTES` bytes; `name`: the user's name for the file.
/// An archive is at its first byte afterwards; the position of a text file is not changed.
pub(crate) fn check(name: &str, head: &[u8], file: &mut File) -> Result<(), ImportError> {
    if head.starts_with(COMPOUND_MARK) {
        let (kind, hint) = compound_kind(file).map_err(ImportError::Disk)?;
        return Err(ImportError::OtherKind(name.to_owned(), kind, hint));
    }
    if head.starts_with(ARCHIVE_MARK)
        && let Some((kind, hint)) = archive_kind(file)?
    {
        return Err(ImportError::OtherKind(name.to_owned(), kind, hint));
    }
    check_head(name, head)
}

/// Returns what an archive is if it is not an XLSX workbook, with a hint for the user. `None` for a
/// workbook, and for an archive that cannot be read: the workbook reader reports the reason. Leaves the
/// file at its first byte.
fn archive_kind(file: &mut File) -> Result<Option<(&'static str, &'static str)>, ImportError> {
    crate::zip_limits::check_entries(file)?;
    let mut names = Vec::new();
    if let Ok(archive) = ZipArchive::new(io::BufReader::new(&mut *file)) {
        let plain = |name: &str| name.replace('\\', "/").to_ascii_lowercase();
        names.extend(archive.file_names().flatten().map(|name| plain(&name)));
    }
    file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
    if names.is_empty() {
        return Ok(None);
    }
    let has = |part: &str| names.iter().any(|name| name == part);
    if let Some((_, kind)) = ARCHIVE_KINDS.iter().find(|(part, _)| has(part)) {
        return Ok(*kind);
    }
    // A package may use other names for its parts.
    match has("[content_types].xml") || has("_rels/.rels") {
        true => Ok(None),
        false => Ok(Some(PLAIN_ARCHIVE)),
    }
}

/// Returns what a compound file is, by the names of its streams, with a hint for the user.
fn compound_kind(file: &mut File) -> io::Result<(&'static str, &'static str)> {
    file.seek(SeekFrom::Start(0))?;
    // The directory has its names in UTF-16, each with a NUL at its end.
    let marks: Vec<Vec<u8>> = COMPOUND_KINDS
        .iter()
        .map(|(stream, _, _)| {
            stream
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .collect()
        })
        .collect();
    let longest = marks.iter().map(Vec::len).max().unwrap_or_default();
    let mut found = COMPOUND_KINDS.len();
    let (mut window, mut piece) = (Vec::new(), vec![0_u8; CHUNK_BYTES]);
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        window.extend_from_slice(piece.get(..count).unwrap_or_default());
        let here = marks
            .iter()
            .position(|mark| window.windows(mark.len()).any(|part| part == mark));
        found = found.min(here.unwrap_or(found));
        window.drain(..window.len().saturating_sub(longest));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(COMPOUND_KINDS.get(found).map_or(
        ("an Office file from before 2007 (.xls, .doc)", SAVE_AS_XLSX),
        |(_, kind, hint)| (*kind, *hint),
    ))
}

/// Fails with `OtherKind` if the first bytes are not those of an XLSX workbook or text, or do not agree
/// with the name's extension.
fn check_head(name: &str, head: &[u8]) -> Result<(), ImportError> {
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
    // A CSV file may begin with a title such as "BMI". A BMP image has NUL bytes near its start.
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
        return other("bytes that are not text", SAVE_AS);
    }
    match ending {
        "xlsx" if !head.is_empty() => other("text", "name it .csv"),
        _ => Ok(()),
    }
}

/// Detects UTF-16 text without a byte order mark: many bytes at even positions, or at odd ones, are NUL
/// (the high bytes of ASCII characters). Returns what to report; `None` if it is not UTF-16 or has a mark.
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
    // At most 32 characters, or fewer if the head is shorter.
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

    fn said(name: &str, bytes: &[u8]) -> String {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
        check(name, head, &mut file).map_or_else(|error| error.to_string(), |()| "read".to_owned())
    }

    fn archive(parts: &[&str]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for part in parts {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*part, options).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// A compound file with its directory far from the start.
    fn compound(streams: &[&str]) -> Vec<u8> {
        let mut bytes = COMPOUND_MARK.to_vec();
        bytes.resize(2 * CHUNK_BYTES - 5, 0);
        for stream in streams {
            bytes.extend(stream.encode_utf16().chain([0; 4]).flat_map(u16::to_le_bytes));
        }
        bytes
    }

    #[test]
    fn office_files_that_are_no_workbook_are_named_with_what_to_do() {
        for (bytes, kind, hint) in [
            (
                compound(&["DataSpaces", "EncryptedPackage"]),
                "a workbook with a password",
                "取消密码",
            ),
            (
                compound(&["Workbook"]),
                "an Excel 97-2003 workbook (.xls)",
                "save it as .xlsx",
            ),
            (
                compound(&["Book"]),
                "an Excel 97-2003 workbook (.xls)",
                "save it as .xlsx",
            ),
            (
                compound(&["WordDocument"]),
                "an old Word document",
                "save the list as",
            ),
            (
                compound(&[]),
                "an Office file from before 2007",
                "save it as .xlsx",
            ),
            (
                archive(&["mimetype", "content.xml"]),
                "an OpenDocument file",
                "save it as .xlsx",
            ),
            (
                archive(&["list.csv"]),
                "a ZIP archive that is not a workbook",
                "unpack it",
            ),
            (
                archive(&["word/document.xml"]),
                "a Word document",
                "save the list as",
            ),
            (
                archive(&["xl/workbook.bin"]),
                "a binary Excel workbook",
                "save it as .xlsx",
            ),
        ] {
            for name in ["people.xlsx", "people.xls", "people"] {
                let said = said(name, &bytes);
                assert!(
                    said.contains(&format!("{name:?} contains {kind}")) && said.contains(hint),
                    "{said}"
                );
            }
        }
        for parts in [&["xl/workbook.xml"], &["_rels/.rels"], &["XL/Workbook.xml"]] {
            assert_eq!(said("people.xlsx", &archive(parts)), "read");
        }
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_is_named() {
        for (name, head, kind) in [
            ("people.csv", b"PK\x03\x04rest".as_slice(), "an XLSX workbook"),
            ("people.csv", b"%PDF-1.7\n", "a PDF document"),
            ("people.xlsx", b"\x89PNG\r\n\x1a\n", "a PNG image"),
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
            ("people.csv", b"id,\0\0\0phone", "bytes that are not text"),
            ("people.xlsx", b"id,phone\n", "text"),
        ] {
            let said = said(name, head);
            assert!(said.contains(&format!("{name:?} contains {kind}")), "{said}");
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
