//! Limits the uncompressed size of a zipped workbook, counted while it is read. Sizes stated in the archive
//! are not trusted.
//!
//! The entries are found by the same zip library that later reads the workbook: if two readers disagreed
//! about the archive's end, a zip bomb could pass. A scan of the bytes first limits the number of entries
//! that any reader could find, so that the library's list of them stays small. Then every entry is
//! uncompressed once and discarded. The output is counted in total, for the parts that are kept in memory,
//! and for each text between two tags, because a workbook's reader has one of those in memory at a time.

use crate::ImportError;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use zip::ZipArchive;

/// Most uncompressed bytes of a file: a million rows of text, which fit on a small machine's disk.
const UNFOLDED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Largest ratio of uncompressed to compressed size of a file. Spreadsheets reach 20, zip bombs thousands.
const UNFOLDED_RATIO_MAX: u64 = 200;

/// Most uncompressed bytes of all parts except the sheets; the reader keeps them in memory. A million rows
/// of distinct ids, phones and names need 80 MB.
const HELD_BYTES_MAX: u64 = 96 * 1024 * 1024;

/// Most entries of a workbook's archive. A hundred sheets have five hundred.
const ENTRIES_MAX: usize = 1_000;

/// Longest text between two tags in bytes. Excel allows 32,767 characters in a cell.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Bytes read from the file at once.
const PIECE_BYTES: usize = 64 * 1024;

/// First bytes of every entry of an archive's directory (APPNOTE 4.3.12).
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// Folder of the sheets in the archive. They are read cell by cell, so they do not count as kept in memory.
const SHEETS: &str = "xl/worksheets/";

/// Uncompresses every entry of a workbook once and fails if it is too large: in total, in the parts kept in
/// memory, or in one text. Leaves the file at its first byte.
pub(crate) fn check(file: &mut File) -> Result<(), ImportError> {
    let length = count_entries(file)?;
    let limit = UNFOLDED_BYTES_MAX.min(length.saturating_mul(UNFOLDED_RATIO_MAX));
    let reader = BufReader::new(rewound(file)?);
    let mut archive = ZipArchive::new(reader).map_err(|error| broken(&error))?;
    let mut unfolded = OutputCounter {
        all: 0,
        held: 0,
        limit,
    };
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let is_sheet = entry.name().is_ok_and(|name| name.starts_with(SHEETS));
        unfolded.count(&mut entry, is_sheet)?;
    }
    rewound(file)?;
    Ok(())
}

/// Refuses an archive with more entries than a workbook can have, before any reader lists them. Leaves the
/// file at its first byte.
pub(crate) fn check_entries(file: &mut File) -> Result<(), ImportError> {
    count_entries(file)?;
    rewound(file).map(|_file| ())
}

fn broken(error: &dyn std::error::Error) -> ImportError {
    ImportError::Unreadable(format!("it is not a whole XLSX archive ({error})"))
}

fn rewound(file: &mut File) -> Result<&mut File, ImportError> {
    file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
    Ok(file)
}

/// Returns the file's length in bytes. Fails if its bytes contain more than `ENTRIES_MAX` directory
/// entries.
fn count_entries(file: &mut File) -> Result<u64, ImportError> {
    let source = rewound(file)?;
    let (mut length, mut found) = (0_u64, 0_usize);
    // The last bytes of one piece are kept before the next, so that no mark is split.
    let mut piece = vec![0_u8; PIECE_BYTES];
    let mut kept = 0;
    loop {
        let count = match source.read(piece.get_mut(kept..).unwrap_or_default()) {
            Ok(0) => return Ok(length),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ImportError::Disk(error)),
        };
        length += count as u64;
        let end = kept + count;
        let seen = piece.get(..end).unwrap_or_default();
        found += seen.windows(4).filter(|four| *four == DIRECTORY_ENTRY).count();
        if found > ENTRIES_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of parts of the XLSX file",
                limit: ENTRIES_MAX as u64,
            });
        }
        kept = end.min(3);
        piece.copy_within(end - kept..end, 0);
    }
}

/// Counts of the uncompressed output so far, with its limit.
struct OutputCounter {
    all: u64,
    held: u64,
    limit: u64,
}

impl OutputCounter {
    fn count(&mut self, entry: &mut impl Read, is_sheet: bool) -> Result<(), ImportError> {
        let mut piece = vec![0_u8; PIECE_BYTES];
        let mut text = 0;
        loop {
            let count = match entry.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(&error)),
            };
            self.all += count as u64;
            if self.all > self.limit {
                return Err(ImportError::TooLarge {
                    what: "the uncompressed size of the XLSX file",
                    limit: self.limit,
                });
            }
            self.held += if is_sheet { 0 } else { count as u64 };
            if self.held > HELD_BYTES_MAX {
                return Err(ImportError::TooLarge {
                    what: "the uncompressed size of the texts of the XLSX file",
                    limit: HELD_BYTES_MAX,
                });
            }
            text = text_after(text, piece.get(..count).unwrap_or_default())?;
        }
    }
}

/// Returns the number of bytes since the start of the last tag, after this piece. Fails above
/// `TEXT_BYTES_MAX`.
fn text_after(mut text: usize, piece: &[u8]) -> Result<usize, ImportError> {
    for part in piece.split_inclusive(|&byte| byte == b'<') {
        text += part.len();
        if text > TEXT_BYTES_MAX {
            return Err(ImportError::TooLarge {
                what: "the size of one text of the XLSX file",
                limit: TEXT_BYTES_MAX as u64,
            });
        }
        if part.ends_with(b"<") {
            text = 0;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    /// An archive of these parts, each a text repeated the given number of times.
    fn archive(parts: &[(&str, &str, usize)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, text, times) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            let block = text.repeat(1_000);
            for _ in 0..times / 1_000 {
                writer.write_all(block.as_bytes()).unwrap();
            }
            writer.write_all(text.repeat(times % 1_000).as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn checked(bytes: &[u8]) -> Result<(), ImportError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        check(&mut file)
    }

    fn too_large(bytes: &[u8]) -> &'static str {
        match checked(bytes) {
            Err(ImportError::TooLarge { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_bomb_is_found_by_what_comes_out_whatever_it_says_of_itself() {
        let bomb = archive(&[("xl/worksheets/sheet1.xml", "<c/>", 20_000_000)]);
        assert_eq!(too_large(&bomb), "the uncompressed size of the XLSX file");
        // The directory states that there is almost nothing inside.
        let mut lying = bomb.clone();
        let at = lying
            .windows(4)
            .rposition(|four| four == DIRECTORY_ENTRY)
            .unwrap();
        lying[at + 24..at + 28].copy_from_slice(&100_u32.to_le_bytes());
        assert!(checked(&lying).is_err());
        // A second end record points at nothing. The entries are still those that are read.
        let mut ended_twice = bomb;
        ended_twice.extend(b"PK\x05\x06");
        ended_twice.extend([0; 18]);
        assert!(
            checked(&ended_twice).is_err()
                || ZipArchive::new(io::Cursor::new(ended_twice)).unwrap().is_empty()
        );
    }

    #[test]
    fn one_endless_text_is_refused_before_it_fills_the_memory() {
        let noise: String = (0..400_000_u32)
            .map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761)))
            .collect();
        assert_eq!(
            too_large(&archive(&[("xl/worksheets/sheet1.xml", &noise, 1)])),
            "the size of one text of the XLSX file"
        );
    }

    #[test]
    fn more_parts_than_a_workbook_has_are_refused_before_they_are_listed() {
        let names: Vec<String> = (0..1_001).map(|n| format!("{n}.xml")).collect();
        let parts: Vec<_> = names.iter().map(|name| (name.as_str(), "<a/>", 1)).collect();
        assert_eq!(
            too_large(&archive(&parts)),
            "the number of parts of the XLSX file"
        );
        assert!(checked(&archive(&parts[..999])).is_ok());
    }
}
