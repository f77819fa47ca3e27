//! From a file's bytes to text: UTF-8 with or without a mark, GBK and GB18030, named or detected; UTF-16 with
//! a mark, which Excel writes as "Unicode text".
//!
//! Bytes that are not of the encoding become U+FFFD, by which the row that holds them is reported.

use crate::ImportError;
use crate::evidence::{Evidence, Weighed};
use encoding_rs::{Decoder, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use std::fmt;
use std::io::{self, Read};

/// Bytes read from the file at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// What the user said about the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EncodingChoice {
    #[default]
    Auto,
    Utf8,
    /// GB18030 contains GBK, so both are read as GB18030.
    Gb18030,
}

impl EncodingChoice {
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        match text.to_ascii_lowercase().as_str() {
            "" | "auto" => Ok(Self::Auto),
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "gbk" | "gb2312" | "gb18030" => Ok(Self::Gb18030),
            _ => Err(ImportError::UnknownEncoding(text.to_owned())),
        }
    }
}

/// Sees every byte of a file once, and says at the end what it is written in.
pub struct Detection {
    evidence: Evidence,
    /// The file's first bytes, as far as a mark of UTF-16 goes.
    first: Vec<u8>,
}

/// Bytes of a UTF-16 byte order mark.
const MARK_BYTES: usize = 2;

impl Default for Detection {
    /// Of a file of which nothing was seen yet.
    fn default() -> Self {
        Self {
            evidence: Evidence::new(),
            first: Vec::with_capacity(MARK_BYTES),
        }
    }
}

impl Detection {
    pub fn feed(&mut self, bytes: &[u8]) {
        let missing = MARK_BYTES - self.first.len();
        self.first.extend(bytes.iter().take(missing));
        self.evidence.feed(bytes);
    }

    pub fn finish(self, choice: EncodingChoice) -> Seen {
        let weighed = self.evidence.finish();
        let guess = guess(&self.first, &weighed);
        let encoding = match choice {
            EncodingChoice::Utf8 => UTF_8,
            EncodingChoice::Gb18030 => GB18030,
            EncodingChoice::Auto => guess.unwrap_or(UTF_8),
        };
        Seen {
            encoding,
            guess,
            weighed,
        }
    }
}

/// `None`: every character is of ASCII, and so of any of them.
fn guess(first: &[u8], weighed: &Weighed) -> Option<&'static Encoding> {
    match first {
        b"\xff\xfe" => return Some(UTF_16LE),
        b"\xfe\xff" => return Some(UTF_16BE),
        _ if weighed.is_ascii() => return None,
        _ => {}
    }
    // A list is Chinese or it is UTF-8: other legacy encodings are detection errors on short files.
    Some(if weighed.is_utf8() { UTF_8 } else { GB18030 })
}

/// What a file is read as, and what its bytes say.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub encoding: &'static Encoding,
    guess: Option<&'static Encoding>,
    weighed: Weighed,
}

impl Seen {
    /// Refuses what was named and cannot be: one wrong byte makes a file no other encoding, so a file that
    /// is said to be UTF-8 stays so where it reads well as nothing else, and its rows are judged one by one.
    pub fn check(&self) -> Result<(), ImportError> {
        let Some(guess) = self.guess.filter(|guess| *guess != self.encoding) else {
            return Ok(());
        };
        let says_utf8 = self.encoding == UTF_8;
        if says_utf8 && guess == GB18030 && !self.weighed.reads_as_gb() {
            return Ok(());
        }
        Err(ImportError::WrongEncoding(Misnamed {
            named: name(self.encoding),
            seen: name(guess),
            line: self.weighed.first_bad_line.filter(|_| says_utf8),
        }))
    }
}

/// A file that is not in the encoding that was named: what it is in, how that shows, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misnamed {
    named: &'static str,
    seen: &'static str,
    /// The first line that is not as was said.
    line: Option<u64>,
}

impl fmt::Display for Misnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { named, seen, line } = self;
        let (where_en, where_zh) = line.map_or_else(Default::default, |line| {
            (
                format!(": line {line} is the first that shows it"),
                format!("（第 {line} 行起可见）"),
            )
        });
        // What has a mark of its own is found by it, and has no name here.
        let option = match *seen {
            "GB18030" => Some("gbk"),
            "UTF-8" => Some("utf-8"),
            _ => None,
        };
        let (or_en, or_zh) = option.map_or_else(Default::default, |option| {
            (
                format!(" or say --encoding {option} (over HTTP encoding={option})"),
                format!("，或写 --encoding {option}（HTTP 用 encoding={option}）"),
            )
        });
        write!(
            f,
            "the file is written in {seen}, not in {named}{where_en}; leave --encoding out{or_en}. \
             文件实为 {seen} 编码，不是 {named}{where_zh}：请去掉 --encoding{or_zh}"
        )
    }
}

/// The name shown to users.
pub fn name(encoding: &'static Encoding) -> &'static str {
    if encoding == GBK || encoding == GB18030 {
        "GB18030"
    } else {
        encoding.name()
    }
}

/// Reads bytes of one encoding, gives UTF-8; a byte order mark is removed.
pub struct DecodingReader<R> {
    source: R,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> DecodingReader<R> {
    pub fn new(source: R, encoding: &'static Encoding) -> Self {
        Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut raw = vec![0_u8; CHUNK_BYTES];
        let count = self.source.read(&mut raw)?;
        self.ended = count == 0;
        let raw = raw.get(..count).unwrap_or_default();
        let room = self
            .decoder
            .max_utf8_buffer_length(raw.len())
            .unwrap_or(CHUNK_BYTES * 4);
        self.text.resize(room, 0);
        let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
        self.text.truncate(written);
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let left = self.text.get(self.given..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(left) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(bytes: &[u8]) -> &'static Encoding {
        let mut detection = Detection::default();
        detection.feed(bytes);
        detection.finish(EncodingChoice::Auto).encoding
    }

    fn read(bytes: &[u8], encoding: &'static Encoding) -> String {
        let mut text = String::new();
        DecodingReader::new(bytes, encoding)
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn chinese_in_gbk_and_in_utf_8_are_told_apart() {
        let text = "客户ID,手机号,姓名\nC001,13800138000,张三\n";
        let (gbk, _, _) = GBK.encode(text);
        assert_eq!(detect(&gbk), GB18030);
        assert_eq!(read(&gbk, detect(&gbk)), text);
        assert_eq!(detect(text.as_bytes()), UTF_8);
        assert_eq!(detect(b"id,phone\n1,2\n"), UTF_8);
    }

    #[test]
    fn chinese_far_behind_an_ascii_start_is_still_seen() {
        let mut bytes = b"id,phone,name\n".repeat(10_000);
        bytes.extend_from_slice(&GBK.encode("欧阳娜娜,王小明").0);
        assert_eq!(detect(&bytes), GB18030);
    }

    #[test]
    fn utf_16_is_known_by_its_mark_also_across_a_border() {
        let text = "客户ID\t手机号\n";
        let little = text.encode_utf16().flat_map(u16::to_le_bytes);
        let big = text.encode_utf16().flat_map(u16::to_be_bytes);
        let little: Vec<u8> = b"\xff\xfe".iter().copied().chain(little).collect();
        let big: Vec<u8> = b"\xfe\xff".iter().copied().chain(big).collect();
        assert_eq!(read(&little, detect(&little)), text);
        assert_eq!(read(&big, detect(&big)), text);
        let mut detection = Detection::default();
        for byte in &little {
            detection.feed(&[*byte]);
        }
        assert_eq!(detection.finish(EncodingChoice::Auto).encoding, UTF_16LE);
    }

    #[test]
    fn an_encoding_that_was_named_and_cannot_be_is_said() {
        let check = |bytes: &[u8], choice| {
            let mut detection = Detection::default();
            detection.feed(bytes);
            detection
                .finish(choice)
                .check()
                .map_err(|error| error.to_string())
        };
        let text = "客户ID,手机号,姓名\nC001,13800138000,张三\n";
        let said = check(text.as_bytes(), EncodingChoice::Gb18030).unwrap_err();
        assert!(said.contains("written in UTF-8, not in GB18030"), "{said}");
        assert!(
            said.contains("say --encoding utf-8") && said.contains("实为 UTF-8 编码"),
            "{said}"
        );
        let said = check(b"\xff\xfei\0d\0", EncodingChoice::Utf8).unwrap_err();
        assert!(said.contains("written in UTF-16LE, not in UTF-8"), "{said}");
        assert!(
            !said.contains("say --encoding"),
            "no name is taken for it: {said}"
        );
        let one_wrong_byte = [text.as_bytes(), b"\xff\n"].concat();
        assert_eq!(check(&one_wrong_byte, EncodingChoice::Utf8), Ok(()));
        assert_eq!(check(b"id,phone\n", EncodingChoice::Gb18030), Ok(()));
        assert_eq!(check(text.as_bytes(), EncodingChoice::Auto), Ok(()));
        let said = check(&one_wrong_byte, EncodingChoice::Gb18030).unwrap_err();
        assert!(said.contains("written in UTF-8, not in GB18030"), "{said}");
    }

    #[test]
    fn gbk_that_was_called_utf_8_is_named_with_the_line_and_the_option() {
        let said = |text: &str| {
            let mut detection = Detection::default();
            detection.feed(&GBK.encode(text).0);
            let seen = detection.finish(EncodingChoice::Utf8);
            seen.check().map_err(|error| error.to_string())
        };
        let named = said("id,phone,name\nC001,13800138000,张三\nC002,13800138001,李四\n").unwrap_err();
        for part in [
            "the file is written in GB18030, not in UTF-8: line 2 is the first",
            "leave --encoding out or say --encoding gbk (over HTTP encoding=gbk)",
            "文件实为 GB18030 编码，不是 UTF-8（第 2 行起可见）",
        ] {
            assert!(named.contains(part), "{named}");
        }
        assert!(
            said("客户ID,手机号\n").unwrap_err().contains("line 1"),
            "titles too"
        );
        assert_eq!(said("id,phone\n"), Ok(()));
    }

    #[test]
    fn one_wrong_byte_makes_utf_8_nothing_else_also_where_no_encoding_was_named() {
        let text = "客户ID,手机号,姓名\nC001,13800138000,张三\n";
        assert_eq!(detect(&[text.as_bytes(), b"\xe5\xbc\n"].concat()), UTF_8);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_title() {
        assert_eq!(read("\u{feff}客户ID".as_bytes(), UTF_8), "客户ID");
    }

    #[test]
    fn four_byte_characters_survive_chunk_borders() {
        let text = "𠮷".repeat(CHUNK_BYTES);
        let (bytes, _, _) = GB18030.encode(&text);
        assert_eq!(read(&bytes, GB18030), text);
    }

    #[test]
    fn bytes_of_no_encoding_are_marked() {
        assert!(read(b"abc\xff\xfe,x", UTF_8).contains('\u{fffd}'));
    }
}
