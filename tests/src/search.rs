//! Searches files for texts of a person: the bytes as they are, and as base64, hexadecimal digits and UTF-16.
//!
//! It proves erasure, on data directories, dumps and backups alike.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The result of a search.
#[derive(Debug, Default)]
pub struct SearchResult {
    pub files: u64,
    pub bytes: u64,
    /// For each hit the file, and the text and the form in which it was found.
    pub hits: Vec<(PathBuf, String)>,
}

/// One text in one form; at least two bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    name: String,
    bytes: Vec<u8>,
}

/// Searches every file below `paths` for each of `texts`, except folders with one of the names in `without`.
pub fn search(paths: &[PathBuf], texts: &[&str], without: &[&str]) -> SearchResult {
    let needles: Vec<Needle> = texts.iter().flat_map(|text| forms_of(text)).collect();
    let mut searched = SearchResult::default();
    for path in paths {
        search_below(path, &needles, without, &mut searched);
    }
    searched
}

/// As [`search`], for bytes that are not text, such as a wrapped key: unchanged, as hexadecimal digits and in
/// base64.
pub fn search_bytes(paths: &[PathBuf], wanted: &[(String, Vec<u8>)], without: &[&str]) -> SearchResult {
    let needles: Vec<Needle> = wanted
        .iter()
        .flat_map(|(name, bytes)| forms_of_bytes(name, bytes))
        .collect();
    let mut searched = SearchResult::default();
    for path in paths {
        search_below(path, &needles, without, &mut searched);
    }
    searched
}

/// Returns true if a file below the folder contains this text as it is.
pub fn holds_text(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| match path.is_dir() {
        true => holds_text(&path, text),
        false => std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())),
    })
}

fn search_below(path: &Path, needles: &[Needle], without: &[&str], searched: &mut SearchResult) {
    if path.is_dir() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| without.contains(&name.as_str())) {
            return;
        }
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        for entry in entries {
            search_below(&entry.path(), needles, without, searched);
        }
        return;
    }
    // A file may disappear between listing and reading: a temporary one of the server.
    let Ok(bytes) = std::fs::read(path) else { return };
    searched.files += 1;
    searched.bytes += bytes.len() as u64;
    for needle in found_in(&bytes, needles) {
        searched.hits.push((path.to_owned(), needle.name.clone()));
    }
}

/// Returns the needles that occur in `bytes`, in one pass: a dump is large, and there are many texts.
fn found_in<'a>(bytes: &[u8], needles: &'a [Needle]) -> BTreeSet<&'a Needle> {
    let mut by_start: BTreeMap<[u8; 2], Vec<&Needle>> = BTreeMap::new();
    let mut begins = vec![false; 1 << 16];
    for needle in needles {
        if let Some(start) = needle.bytes.first_chunk::<2>() {
            by_start.entry(*start).or_default().push(needle);
            if let Some(begin) = begins.get_mut(usize::from(u16::from_be_bytes(*start))) {
                *begin = true;
            }
        }
    }
    let mut found = BTreeSet::new();
    let mut pair = 0_u16;
    for (end, byte) in bytes.iter().enumerate() {
        pair = (pair << 8) | u16::from(*byte);
        if begins.get(usize::from(pair)) != Some(&true) || end == 0 {
            continue;
        }
        let tail = bytes.get(end - 1..).unwrap_or(&[]);
        let candidates = by_start.get(&pair.to_be_bytes()).into_iter().flatten();
        found.extend(candidates.filter(|needle| tail.starts_with(&needle.bytes)));
    }
    found
}

fn forms_of(text: &str) -> Vec<Needle> {
    let plain = text.as_bytes();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut forms = forms_of_bytes(text, plain);
    for (form, bytes) in [("UTF-16 little endian", little), ("UTF-16 big endian", big)] {
        let name = format!("{text} {form}");
        forms.push(Needle { name, bytes });
    }
    forms
}

fn forms_of_bytes(name: &str, plain: &[u8]) -> Vec<Needle> {
    let lower = domain::hex::encode(plain);
    let mut forms = vec![
        ("as it is", plain.to_vec()),
        ("upper hex", lower.to_uppercase().into_bytes()),
        ("lower hex", lower.into_bytes()),
    ];
    for shift in 0..3 {
        forms.push(("base64", base64_inside(plain, shift)));
    }
    let needle = |(form, bytes): (&str, Vec<u8>)| Needle {
        name: format!("{name} {form}"),
        bytes,
    };
    forms.into_iter().map(needle).collect()
}

/// Returns the base64 digits that depend only on the text if it begins `shift` bytes after a multiple of
/// three.
fn base64_inside(text: &[u8], shift: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let skipped = (3 - shift) % 3;
    let whole = text.get(skipped..).unwrap_or(&[]).chunks_exact(3);
    let digits = whole.flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        [18_u32, 12, 6, 0].map(|at| {
            let index = usize::try_from((bits >> at) & 63).unwrap_or(0);
            DIGITS.get(index).copied().unwrap_or(b'=')
        })
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_a_stranger_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let forms: [&[u8]; 6] = [
            b"..13800138000..",
            b"3133383030313338303030",
            // base64 of "13800138000", "x13800138000" and "xx13800138000".
            b"MTM4MDAxMzgwMDA=",
            b"eDEzODAwMTM4MDAw",
            b"eHgxMzgwMDEzODAwMA==",
            b"1\x003\x008\x000\x000\x001\x003\x008\x000\x000\x000\x00",
        ];
        for (index, bytes) in forms.iter().enumerate() {
            std::fs::write(dir.path().join(index.to_string()), bytes).unwrap();
        }
        let paths = [dir.path().to_owned()];
        let found = search(&paths, &["13800138000"], &[]);
        let mut files: Vec<_> = found.hits.iter().map(|(file, _)| file.clone()).collect();
        files.dedup();
        files.sort();
        files.dedup();
        assert_eq!((files.len(), found.files), (forms.len(), 6), "{found:?}");
        // Different in the middle: digits at both ends are shared with the bytes around the text, and are
        // left out.
        assert!(search(&paths, &["23800238000"], &[]).hits.is_empty());
    }

    #[test]
    fn a_folder_that_is_left_out_is_not_searched() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("rehearsal")).unwrap();
        std::fs::write(dir.path().join("rehearsal/cdr"), "13800138000").unwrap();
        let paths = [dir.path().to_owned()];
        assert_eq!(search(&paths, &["13800138000"], &["rehearsal"]).files, 0);
    }
}
