//! The container of a backup's parts: the files of a folder, or the entries of one tar file
//! (POSIX.1-1988 ustar).
//!
//! A tar file holds the same parts in order, the manifest last. Its headers depend only on name and size and
//! its padding is zero, so that every byte can be checked.

use super::error::BackupError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The name of the manifest, the part that is written last. Without it a backup is unfinished.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The file name extension of a tar file or part while it is being written.
const PARTIAL: &str = "partial";
/// The size of a tar block, in bytes.
const BLOCK_BYTES: usize = 512;
/// The most bytes of one part; a larger one is refused when it is read. Segments end soon after 16 MiB, and
/// a manifest of a million segments has about 150 MB.
const PART_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The file mode of a backup: only its owner can read it.
const FILE_MODE: u32 = 0o600;

/// Returns an error if the path exists, because a backup in one file never overwrites.
pub(super) fn refuse_existing(path: &Path) -> Result<(), BackupError> {
    if path.exists() {
        let why = "a backup never overwrites; name another file".to_owned();
        return Err(BackupError::Exists {
            path: path.to_owned(),
            why,
        });
    }
    Ok(())
}

/// Writes the parts of a backup into one tar file. The file has a temporary name until `finish`.
pub(super) struct TarWriter {
    path: PathBuf,
    aside: PathBuf,
    file: File,
}

impl TarWriter {
    pub(super) fn begin(path: &Path) -> Result<Self, BackupError> {
        refuse_existing(path)?;
        let mut aside = path.as_os_str().to_owned();
        aside.push(format!(".{PARTIAL}"));
        let aside = PathBuf::from(aside);
        let file = create(&aside).map_err(|error| BackupError::disk(&aside, &error))?;
        Ok(Self {
            path: path.to_owned(),
            aside,
            file,
        })
    }

    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let padding = [0_u8; BLOCK_BYTES];
        let fill = padding.get(..padding_of(bytes.len())).unwrap_or(&[]);
        let write = || -> io::Result<()> {
            self.file.write_all(&header(name, bytes.len() as u64)?)?;
            self.file.write_all(bytes)?;
            self.file.write_all(fill)
        };
        let mut write = write;
        write().map_err(|error| BackupError::disk(&self.aside, &error))
    }

    /// Writes the end mark, syncs the tar file and renames it to its final name.
    pub(super) fn finish(mut self) -> Result<(), BackupError> {
        let end = || -> io::Result<()> {
            self.file.write_all(&[0_u8; 2 * BLOCK_BYTES])?;
            self.file.sync_all()?;
            fs::rename(&self.aside, &self.path)?;
            sync_folder(&self.path)
        };
        let mut end = end;
        end().map_err(|error| BackupError::disk(&self.path, &error))
    }
}

/// Writes one part of a folder and syncs it. An existing part of this name is replaced atomically.
pub(super) fn write_part(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let path = folder.join(name);
    let aside = folder.join(format!("{name}.{PARTIAL}"));
    let write = || -> io::Result<()> {
        let mut file = create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &path)?;
        sync_folder(&path)
    };
    write().map_err(|error| BackupError::disk(&path, &error))
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE_MODE);
    options.open(path)
}

/// Syncs the folder that contains this path: a rename in it is durable only after that.
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// A part in a tar file: its name, the offset of its content, and its size.
#[derive(Debug)]
pub(super) struct Entry {
    name: String,
    offset: u64,
    bytes: u64,
}

/// The parts of a finished backup, in a folder or a tar file.
#[derive(Debug)]
pub(super) enum Parts {
    Folder(PathBuf),
    Tar { path: PathBuf, entries: Vec<Entry> },
}

impl Parts {
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        if path.is_dir() {
            if path.join(MANIFEST_FILE).exists() {
                return Ok(Self::Folder(path.to_owned()));
            }
            let why = format!("the folder has no {MANIFEST_FILE}");
            return Err(BackupError::Unfinished {
                path: path.to_owned(),
                why,
            });
        }
        if !path.exists() {
            return Err(BackupError::Missing(path.to_owned()));
        }
        let entries = Scan::of(path)?.entries()?;
        if entries.last().is_none_or(|last| last.name != MANIFEST_FILE) {
            let why = format!("it does not end with {MANIFEST_FILE}");
            return Err(BackupError::Unfinished {
                path: path.to_owned(),
                why,
            });
        }
        Ok(Self::Tar {
            path: path.to_owned(),
            entries,
        })
    }

    /// Returns the names of a tar file's parts, in order. `None` for a folder, where the manifest names the
    /// parts.
    pub(super) fn names(&self) -> Option<Vec<&str>> {
        match self {
            Self::Folder(_) => None,
            Self::Tar { entries, .. } => Some(entries.iter().map(|entry| entry.name.as_str()).collect()),
        }
    }

    /// Returns the content of one part. Fails if the part is missing or larger than 256 MiB.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        match self {
            Self::Folder(folder) => read_file(folder, name),
            Self::Tar { path, entries } => {
                let missing = || BackupError::altered(name, None, "it is missing");
                let entry = entries
                    .iter()
                    .find(|entry| entry.name == name)
                    .ok_or_else(missing)?;
                read_entry(path, entry)
            }
        }
    }
}

fn read_file(folder: &Path, name: &str) -> Result<Vec<u8>, BackupError> {
    let path = folder.join(name);
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupError::altered(name, None, "it is missing"));
        }
        Err(error) => return Err(BackupError::disk(&path, &error)),
    };
    if size > PART_BYTES_MAX {
        return Err(BackupError::altered(name, None, "it is too large"));
    }
    fs::read(&path).map_err(|error| BackupError::disk(&path, &error))
}

fn read_entry(path: &Path, entry: &Entry) -> Result<Vec<u8>, BackupError> {
    let bytes_count = usize::try_from(entry.bytes).unwrap_or(usize::MAX);
    let mut bytes = vec![0_u8; bytes_count];
    let mut padding = vec![0_u8; padding_of(bytes_count)];
    let mut read = || -> io::Result<()> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(entry.offset))?;
        file.read_exact(&mut bytes)?;
        file.read_exact(&mut padding)
    };
    read().map_err(|error| BackupError::disk(path, &error))?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(BackupError::altered(&entry.name, None, "its padding is not zero"));
    }
    Ok(bytes)
}

/// Position of a scan through the headers of a tar file.
struct Scan {
    path: PathBuf,
    file: File,
    size: u64,
    offset: u64,
}

impl Scan {
    fn of(path: &Path) -> Result<Self, BackupError> {
        let open = || -> io::Result<(File, u64)> {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        };
        let (file, size) = open().map_err(|error| BackupError::disk(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            size,
            offset: 0,
        })
    }

    fn entries(mut self) -> Result<Vec<Entry>, BackupError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let block = self.block(entries.last())?;
            if block == [0_u8; BLOCK_BYTES] {
                self.end(entries.last())?;
                return Ok(entries);
            }
            let entry = self.entry(&block, entries.last())?;
            self.offset = entry.offset + entry.bytes + padding_of_u64(entry.bytes);
            if self.offset > self.size {
                let why = format!(
                    "the file ends at byte {} and the part at byte {}",
                    self.size, self.offset
                );
                return Err(BackupError::Truncated {
                    part: entry.name,
                    why,
                });
            }
            entries.push(entry);
        }
    }

    /// Reads the next 512-byte block, which is a header or the first block of the end mark. Fails if the
    /// file ends before. `before`: the part in front of it, for the error.
    fn block(&mut self, before: Option<&Entry>) -> Result<[u8; BLOCK_BYTES], BackupError> {
        let mut block = [0_u8; BLOCK_BYTES];
        let mut read = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(self.offset))?;
            self.file.read_exact(&mut block)
        };
        match read() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let why = format!("the file ends at byte {}", self.size);
                return Err(BackupError::Truncated {
                    part: behind(before),
                    why,
                });
            }
            Err(error) => return Err(BackupError::disk(&self.path, &error)),
        }
        self.offset += BLOCK_BYTES as u64;
        Ok(block)
    }

    fn entry(&self, block: &[u8; BLOCK_BYTES], before: Option<&Entry>) -> Result<Entry, BackupError> {
        let wrong = || BackupError::altered(&behind(before), None, "the header is not what was written");
        let read = tar::Header::from_byte_slice(block);
        let name = read
            .path()
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned))
            .ok_or_else(wrong)?;
        let bytes = read.entry_size().or(Err(wrong()))?;
        let expected = header(&name, bytes).or(Err(wrong()))?;
        if expected != *block || bytes > PART_BYTES_MAX {
            return Err(wrong());
        }
        Ok(Entry {
            name,
            offset: self.offset,
            bytes,
        })
    }

    /// Returns an error unless the tar file ends with a second zero block and nothing after it.
    fn end(&mut self, last: Option<&Entry>) -> Result<(), BackupError> {
        let second = self.block(last)?;
        if second != [0_u8; BLOCK_BYTES] || self.offset != self.size {
            let why = "the file does not end where it should";
            return Err(BackupError::altered(&behind(last), None, why));
        }
        Ok(())
    }
}

fn behind(entry: Option<&Entry>) -> String {
    entry.map_or_else(
        || "the beginning of the file".to_owned(),
        |entry| format!("what follows {}", entry.name),
    )
}

const fn padding_of(bytes: usize) -> usize {
    (BLOCK_BYTES - bytes % BLOCK_BYTES) % BLOCK_BYTES
}

const fn padding_of_u64(bytes: u64) -> u64 {
    let block = BLOCK_BYTES as u64;
    (block - bytes % block) % block
}

/// Returns the header that this program writes for a part with this name and size. Any other header is
/// damage.
fn header(name: &str, bytes: u64) -> io::Result<[u8; BLOCK_BYTES]> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(FILE_MODE);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(bytes);
    header.set_cksum();
    Ok(*header.as_bytes())
}
