//! From a file's bytes to text: UTF-8 with or without a mark, GBK and GB18030, named or detected; UTF-16 with
//! a mark, which Excel writes as "Unicode text".
//!
//! Bytes that are not of the encoding become U+FFFD, by which the row that holds them is reported.

use super::ImportError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};

/// Bytes read from the file at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// What the user said about the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EncodingChoice {
    #[default]
    Auto,
    Utf8,
    /// GB18030 contains GBK, so both are read as GB18030.
    Gb18030,
}

impl EncodingChoice {
    pub(crate) fn parse(text: &str) -> Result<Self, ImportError> {
        match text.to_ascii_lowercase().as_str() {
            "" | "auto" => Ok(Self::Auto),
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "gbk" | "gb2312" | "gb18030" => Ok(Self::Gb18030),
            _ => Err(ImportError::UnknownEncoding(text.to_owned())),
        }
    }
}

/// Sees every byte of a file once, and says at the end what it is written in.
pub(crate) struct Detection {
    detector: EncodingDetector,
    /// The file's first bytes, as far as a mark of UTF-16 goes.
    first: Vec<u8>,
}

/// Bytes of a UTF-16 byte order mark.
const MARK_BYTES: usize = 2;

impl Detection {
    pub(crate) fn new() -> Self {
        Self {
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            first: Vec::with_capacity(MARK_BYTES),
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let missing = MARK_BYTES - self.first.len();
        self.first.extend(bytes.iter().take(missing));
        self.detector.feed(bytes, false);
    }

    pub(crate) fn finish(self, choice: EncodingChoice) -> Seen {
        let guess = self.guess();
        let encoding = match choice {
            EncodingChoice::Utf8 => UTF_8,
            EncodingChoice::Gb18030 => GB18030,
            EncodingChoice::Auto => guess.unwrap_or(UTF_8),
        };
        Seen { encoding, guess }
    }

    /// `None`: every character is of ASCII, and so of any of them.
    fn guess(mut self) -> Option<&'static Encoding> {
        match self.first.as_slice() {
            b"\xff\xfe" => return Some(UTF_16LE),
            b"\xfe\xff" => return Some(UTF_16BE),
            _ => {}
        }
        if !self.detector.feed(b"", true) {
            return None;
        }
        let guess = self.detector.guess(Some(b"cn"), Utf8Detection::Allow);
        // A list is Chinese or it is UTF-8: other legacy encodings are detection errors on short files.
        Some(if guess == UTF_8 { UTF_8 } else { GB18030 })
    }
}

/// What a file is read as, and what its bytes say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) encoding: &'static Encoding,
    guess: Option<&'static Encoding>,
}

impl Seen {
    /// Refuses what was named and cannot be: one wrong byte makes a file no other encoding, so a file that
    /// is said to be UTF-8 stays so, and its rows are judged one by one.
    pub(crate) fn check(&self) -> Result<(), ImportError> {
        let Some(guess) = self.guess.filter(|guess| *guess != self.encoding) else {
            return Ok(());
        };
        if self.encoding == UTF_8 && guess == GB18030 {
            return Ok(());
        }
        Err(ImportError::WrongEncoding {
            named: name(self.encoding),
            seen: name(guess),
        })
    }
}

/// The name shown to users.
pub(crate) fn name(encoding: &'static Encoding) -> &'static str {
    if encoding == GBK || encoding == GB18030 {
        "GB18030"
    } else {
        encoding.name()
    }
}

/// Reads bytes of one encoding, gives UTF-8; a byte order mark is removed.
pub(crate) struct DecodingReader<R> {
    source: R,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> DecodingReader<R> {
    pub(crate) fn new(source: R, encoding: &'static Encoding) -> Self {
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
        let mut detection = Detection::new();
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
        let mut detection = Detection::new();
        for byte in &little {
            detection.feed(&[*byte]);
        }
        assert_eq!(detection.finish(EncodingChoice::Auto).encoding, UTF_16LE);
    }

    #[test]
    fn an_encoding_that_was_named_and_cannot_be_is_said() {
        let check = |bytes: &[u8], choice| {
            let mut detection = Detection::new();
            detection.feed(bytes);
            detection
                .finish(choice)
                .check()
                .map_err(|error| error.to_string())
        };
        let text = "客户ID,手机号,姓名\nC001,13800138000,张三\n";
        let said = check(text.as_bytes(), EncodingChoice::Gb18030).unwrap_err();
        assert!(said.contains("written in UTF-8, not in GB18030"), "{said}");
        let said = check(b"\xff\xfei\0d\0", EncodingChoice::Utf8).unwrap_err();
        assert!(said.contains("written in UTF-16LE, not in UTF-8"), "{said}");
        let one_wrong_byte = [text.as_bytes(), b"\xff\n"].concat();
        assert_eq!(check(&one_wrong_byte, EncodingChoice::Utf8), Ok(()));
        assert_eq!(check(b"id,phone\n", EncodingChoice::Gb18030), Ok(()));
        assert_eq!(check(text.as_bytes(), EncodingChoice::Auto), Ok(()));
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
