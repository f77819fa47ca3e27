//! From a file's bytes to text: UTF-8 with or without a byte order mark; UTF-16 with one, which Excel
//! writes as "Unicode text"; and other encodings, named by the request or detected.
//!
//! An encoding is detected with a probability. If the encoding is not certain, the file is refused with the
//! candidates named: text in a wrong encoding would be spoken to every callee. Bytes that are invalid in
//! the encoding become U+FFFD, and the row that contains them is reported.

use crate::evidence::{EncodingScores, Evidence};
use crate::{ImportError, cut};
use encoding_rs::{Decoder, EUC_JP, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use std::fmt;
use std::io::{self, Read};

/// Bytes read from the file at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// The encodings that a request may name.
pub const CODES: &[&str] = &[
    "auto",
    "utf-8",
    "utf-16le",
    "utf-16be",
    "gbk",
    "gb18030",
    "gb2312",
    "big5",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "iso-8859-1",
    "shift_jis",
    "euc-jp",
    "euc-kr",
];

/// Least probability (0 to 1) for a detected encoding to be used although the request names none.
const CONFIDENCE_MIN: f64 = 0.9;

/// Probability (0 to 1) of our own model from which chardetng is not consulted. Below it, chardetng is the
/// second opinion, for short files.
const CONFIDENCE_ALONE: f64 = 0.999;

/// Most encodings that a refusal names, the most likely first.
const CANDIDATES_MAX: usize = 3;

/// Least probability (0 to 1) of an encoding that a refusal names as a candidate.
const CANDIDATE_MIN: f64 = 0.01;

/// The encoding that the request names for the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EncodingChoice {
    #[default]
    Auto,
    /// This encoding, even if the bytes look different. GB18030 contains GBK and GB 2312, so they are read
    /// as GB18030.
    Named(&'static Encoding),
}

impl EncodingChoice {
    /// Parses the request's encoding, one of `CODES` in any letter case; an empty text and `auto` mean
    /// detection. Fails with `UnknownEncoding`.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let code = text.trim().to_ascii_lowercase();
        match code.as_str() {
            "" | "auto" => Ok(Self::Auto),
            "utf8" => Ok(Self::Named(UTF_8)),
            "gbk" | "gb2312" | "gb18030" => Ok(Self::Named(GB18030)),
            code if CODES.contains(&code) => Encoding::for_label(code.as_bytes())
                .map(Self::Named)
                .ok_or_else(|| ImportError::UnknownEncoding(cut(text))),
            _ => Err(ImportError::UnknownEncoding(cut(text))),
        }
    }
}

/// Reads every byte of a file once, and then determines its encoding.
pub struct Detection {
    evidence: Evidence,
    /// The file's first bytes, as many as a byte order mark of UTF-16 has.
    first: Vec<u8>,
}

/// Length of a UTF-16 byte order mark in bytes.
const MARK_BYTES: usize = 2;

impl Default for Detection {
    /// Returns a detection that has not read any bytes yet.
    fn default() -> Self {
        Self {
            evidence: Evidence::new(),
            first: Vec::with_capacity(MARK_BYTES),
        }
    }
}

impl Detection {
    /// Adds the next bytes of the file, in order.
    pub fn feed(&mut self, bytes: &[u8]) {
        let missing = MARK_BYTES - self.first.len();
        self.first.extend(bytes.iter().take(missing));
        self.evidence.feed(bytes);
    }

    /// Returns the encoding of the bytes fed: the named one, or the most likely one. It is not refused here
    /// if uncertain; `check` does that.
    pub fn finish(self, choice: EncodingChoice) -> DetectedEncoding {
        let weighed = self.evidence.finish();
        let guess = guess(&self.first, &weighed);
        let encoding = match (choice, guess) {
            (EncodingChoice::Named(named), _) => named,
            (EncodingChoice::Auto, Guess::Ascii) => UTF_8,
            (EncodingChoice::Auto, Guess::Sure(encoding) | Guess::Unsure([encoding, ..])) => encoding,
        };
        DetectedEncoding {
            encoding,
            choice,
            guess,
            weighed,
        }
    }
}

/// The encoding that the bytes suggest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guess {
    /// All characters are ASCII, and so valid in any encoding.
    Ascii,
    Sure(&'static Encoding),
    /// One of these, the most likely first. The last may be repeated.
    Unsure([&'static Encoding; CANDIDATES_MAX]),
}

fn guess(first: &[u8], weighed: &EncodingScores) -> Guess {
    match first {
        b"\xff\xfe" => return Guess::Sure(UTF_16LE),
        b"\xfe\xff" => return Guess::Sure(UTF_16BE),
        _ if weighed.is_ascii() => return Guess::Ascii,
        _ if weighed.is_utf8() => return Guess::Sure(UTF_8),
        _ => {}
    }
    let mut ranking = weighed.ranking();
    let detected = weighed.detected();
    // The models know two single-byte encodings, chardetng knows all.
    if let Some((best, _)) = ranking.first_mut()
        && best.is_single_byte()
        && detected.is_single_byte()
    {
        *best = detected;
    }
    let Some((best, probability)) = ranking.first().copied() else {
        return Guess::Sure(UTF_8);
    };
    // From few Chinese names, chardetng often guesses EUC-JP. If there are kana, the models themselves say
    // EUC-JP.
    let is_second_opinion = same(detected, best) || (best == GB18030 && detected == EUC_JP);
    if probability >= CONFIDENCE_ALONE || (probability >= CONFIDENCE_MIN && is_second_opinion) {
        return Guess::Sure(best);
    }
    let likely = ranking
        .iter()
        .filter(|(_, probability)| *probability >= CANDIDATE_MIN);
    let mut candidates: Vec<&'static Encoding> = likely.map(|(encoding, _)| *encoding).collect();
    if !candidates.iter().any(|candidate| same(candidate, detected)) {
        candidates.push(detected);
    }
    candidates.truncate(CANDIDATES_MAX);
    let at = |index: usize| {
        candidates
            .get(index)
            .or(candidates.last())
            .copied()
            .unwrap_or(best)
    };
    Guess::Unsure([at(0), at(1), at(2)])
}

/// Returns true if both encodings have the same displayed name. GBK and GB18030 do.
fn same(a: &'static Encoding, b: &'static Encoding) -> bool {
    name(a) == name(b)
}

/// The encoding that a file is read in, and what its bytes indicate.
#[derive(Debug, Clone, Copy)]
pub struct DetectedEncoding {
    pub encoding: &'static Encoding,
    choice: EncodingChoice,
    guess: Guess,
    weighed: EncodingScores,
}

impl DetectedEncoding {
    /// Fails with `EncodingUnsure` if no encoding was named and the detected one is uncertain, or if the
    /// file cannot be in the named encoding. One wrong byte is not enough for that: a file named as UTF-8
    /// stays UTF-8 unless it reads well in another encoding, and its rows are checked one by one.
    pub fn check(&self) -> Result<(), ImportError> {
        let guess = match (self.choice, self.guess) {
            (_, Guess::Ascii) => return Ok(()),
            (EncodingChoice::Auto, Guess::Sure(_)) => return Ok(()),
            (EncodingChoice::Auto, Guess::Unsure(candidates)) => {
                return Err(ImportError::EncodingUnsure(Candidates(candidates)));
            }
            (EncodingChoice::Named(_), Guess::Sure(guess)) => guess,
            (EncodingChoice::Named(_), Guess::Unsure([guess, ..])) => guess,
        };
        if same(guess, self.encoding) {
            return Ok(());
        }
        let says_utf8 = self.encoding == UTF_8;
        let cannot_be = match (says_utf8, guess == UTF_8 || !guess.is_ascii_compatible()) {
            (false, true) => true,
            (true, _) => !guess.is_ascii_compatible() || self.weighed.reads_as(guess),
            (false, false) => !self.weighed.reads_as(self.encoding),
        };
        if !cannot_be {
            return Ok(());
        }
        Err(ImportError::WrongEncoding(EncodingMismatch {
            named: name(self.encoding),
            seen: name(guess),
            line: self.weighed.first_bad_line.filter(|_| says_utf8),
        }))
    }
}

/// The probable encodings of a file, the most likely first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidates([&'static Encoding; CANDIDATES_MAX]);

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut codes: Vec<&str> = Vec::new();
        for encoding in self.0 {
            let code = code(encoding);
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let listed = codes.join(", ");
        let first = codes.first().copied().unwrap_or("gbk");
        write!(
            f,
            "the encoding of the file is not certain; it may be {listed}: name it with --encoding {first} (over HTTP \
             encoding={first}), or save the file as UTF-8 / 无法确定文件编码（可能为 {listed}）：请用 --encoding 指明，或另存为 \
             UTF-8"
        )
    }
}

/// A file that is not in the encoding that was named: its actual encoding, the evidence, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodingMismatch {
    named: &'static str,
    seen: &'static str,
    /// The first line that is invalid in the named encoding.
    line: Option<u64>,
}

impl fmt::Display for EncodingMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { named, seen, line } = self;
        let (where_en, where_zh) = line.map_or_else(Default::default, |line| {
            (
                format!(": line {line} is the first that shows it"),
                format!("（第 {line} 行起可见）"),
            )
        });
        // Encodings with a byte order mark are detected by it.
        let option = match seen.starts_with("UTF-16") {
            true => None,
            false => Encoding::for_label(seen.as_bytes()).map(code),
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

/// Returns the name of an encoding as users see it: GB18030 for GBK and GB18030, otherwise the WHATWG name.
pub fn name(encoding: &'static Encoding) -> &'static str {
    if encoding == GBK || encoding == GB18030 {
        "GB18030"
    } else {
        encoding.name()
    }
}

/// Returns the code that a request uses for an encoding (`CODES`): `gbk` for GBK and GB18030.
fn code(encoding: &'static Encoding) -> &'static str {
    if encoding == GBK || encoding == GB18030 {
        return "gbk";
    }
    let named = CODES
        .iter()
        .find(|code| encoding.name().eq_ignore_ascii_case(code));
    named.copied().unwrap_or(encoding.name())
}

/// A reader that decodes a source from one encoding and returns UTF-8 without a byte order mark. Invalid
/// bytes become U+FFFD.
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
    use encoding_rs::{BIG5, EUC_KR, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

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
    fn chinese_in_gbk_and_in_utf_8_is_distinguished() {
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
        let said = check(text.as_bytes(), EncodingChoice::Named(GB18030)).unwrap_err();
        assert!(said.contains("written in UTF-8, not in GB18030"), "{said}");
        assert!(
            said.contains("say --encoding utf-8") && said.contains("实为 UTF-8 编码"),
            "{said}"
        );
        let said = check(b"\xff\xfei\0d\0", EncodingChoice::Named(UTF_8)).unwrap_err();
        assert!(said.contains("written in UTF-16LE, not in UTF-8"), "{said}");
        assert!(
            !said.contains("say --encoding"),
            "no name is taken for it: {said}"
        );
        let one_wrong_byte = [text.as_bytes(), b"\xff\n"].concat();
        assert_eq!(check(&one_wrong_byte, EncodingChoice::Named(UTF_8)), Ok(()));
        assert_eq!(check(b"id,phone\n", EncodingChoice::Named(GB18030)), Ok(()));
        assert_eq!(check(text.as_bytes(), EncodingChoice::Auto), Ok(()));
        let said = check(&one_wrong_byte, EncodingChoice::Named(GB18030)).unwrap_err();
        assert!(said.contains("written in UTF-8, not in GB18030"), "{said}");
    }

    #[test]
    fn gbk_that_was_called_utf_8_is_named_with_the_line_and_the_option() {
        let said = |text: &str| {
            let mut detection = Detection::default();
            detection.feed(&GBK.encode(text).0);
            let seen = detection.finish(EncodingChoice::Named(UTF_8));
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

    /// Returns what is detected in a list of one column of names, without a named encoding.
    fn seen(names: &[&str], encoding: &'static Encoding) -> DetectedEncoding {
        let rows = names
            .iter()
            .enumerate()
            .map(|(row, name)| format!("C{row},1380013800{row},{name}\n"));
        let text = format!("customer_id,phone,customer_name\n{}", rows.collect::<String>());
        let (bytes, _, had_errors) = encoding.encode(&text);
        assert!(!had_errors, "{text}");
        let mut detection = Detection::default();
        detection.feed(&bytes);
        detection.finish(EncodingChoice::Auto)
    }

    /// Returns why the file is refused; empty if it is not.
    fn said(seen: &DetectedEncoding) -> String {
        seen.check()
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn lists_of_other_countries_are_read_in_their_encoding() {
        for (names, encoding) in [
            (&["陳大文", "黃小明", "三月五日"][..], BIG5),
            (&["張三"], BIG5),
            (&["林志玲", "臺北市信義區"], BIG5),
            (&["José García", "Müller", "François"], WINDOWS_1252),
            (&["Иван Петров", "Мария Сидорова"], WINDOWS_1251),
            (
                &[
                    "김철수",
                    "이영희",
                    "박지성",
                    "최민호",
                    "정다은",
                    "서울특별시 강남구",
                ],
                EUC_KR,
            ),
            (&["さくら", "たなか ひろし", "東京都"], SHIFT_JIS),
        ] {
            let seen = seen(names, encoding);
            assert_eq!(
                (seen.encoding, said(&seen)),
                (encoding, String::new()),
                "{names:?}"
            );
        }
    }

    #[test]
    fn short_chinese_lists_stay_gb18030() {
        for names in [
            &["张三"][..],
            &["李伟", "王芳"],
            &["欧阳娜娜", "王小明"],
            &["陳大文"],
            &["赵", "钱", "孙"],
            &["三月五日"],
        ] {
            let seen = seen(names, GB18030);
            assert_eq!(
                (seen.encoding, said(&seen)),
                (GB18030, String::new()),
                "{names:?}"
            );
        }
    }

    #[test]
    fn an_encoding_that_is_not_certain_is_refused_with_its_candidates_and_a_name_overrides() {
        let names = &["김철수", "이영희", "가나다"];
        let unsure = seen(names, EUC_KR);
        let refused = said(&unsure);
        for part in ["not certain", "gbk", "euc-kr", "--encoding", "无法确定文件编码"] {
            assert!(refused.contains(part), "{refused}");
        }
        let (bytes, _, _) = EUC_KR.encode("김철수,이영희,가나다\n");
        for code in ["euc-kr", "gbk"] {
            let mut detection = Detection::default();
            detection.feed(&bytes);
            let seen = detection.finish(EncodingChoice::parse(code).unwrap());
            assert_eq!(said(&seen), "", "{code}");
        }
        let (bytes, _, _) = BIG5.encode("陳大文,黃小明,三月五日\n");
        let mut detection = Detection::default();
        detection.feed(&bytes);
        let named = detection.finish(EncodingChoice::parse("big5").unwrap());
        assert_eq!((named.encoding, said(&named)), (BIG5, String::new()));
        assert!(EncodingChoice::parse("latin-9").is_err());
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
