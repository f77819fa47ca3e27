//! What a file's bytes indicate about their encoding: how far they are valid UTF-8, how likely each other
//! encoding is, and the first line with bytes that are not UTF-8.
//!
//! One wrong byte is not enough evidence of another encoding: the share of valid text decides. The other
//! encodings are compared by a simple model of each: how often lists in it use each region of its table.
//! Regions with common characters are likely, rare ones are not, and bytes outside the table almost rule it
//! out (decision 0202). Among single-byte encodings, chardetng decides.

use crate::likelihood::{MODELS, MODELS_COUNT, ModelReading, Tally};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Non-ASCII bytes of a file that are scored. UTF-8 validity is checked in all bytes; the models see only
/// this many.
const WEIGHED_BYTES_MAX: u64 = 256 * 1024;

/// Scores a file's bytes under each encoding while they arrive in chunks. A character split between two
/// chunks counts once.
pub(crate) struct Evidence {
    utf8: Tally,
    /// The first bytes of a character that is not complete yet.
    begun: Vec<u8>,
    readings: [ModelReading; MODELS_COUNT],
    detector: EncodingDetector,
    weighed: u64,
    /// Number of line ends so far.
    lines: u64,
    first_bad_line: Option<u64>,
}

/// The scores of a whole file: how likely each encoding is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EncodingScores {
    utf8: Tally,
    /// In the order of `MODELS`: probabilities that add up to one, and counts of characters.
    likely: [(f64, Tally); MODELS_COUNT],
    /// The encoding that chardetng guesses.
    detected: &'static Encoding,
    /// The first line with bytes that are not UTF-8, starting at 1.
    pub(crate) first_bad_line: Option<u64>,
}

impl Evidence {
    pub(crate) fn new() -> Self {
        Self {
            utf8: Tally::default(),
            begun: Vec::new(),
            readings: MODELS.map(ModelReading::new),
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            weighed: 0,
            lines: 0,
            first_bad_line: None,
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.feed_utf8(bytes);
        if self.weighed < WEIGHED_BYTES_MAX {
            self.weighed += count(bytes, |byte| byte >= 0x80);
            self.detector.feed(bytes, false);
            for reading in &mut self.readings {
                reading.feed(bytes);
            }
        }
    }

    pub(crate) fn finish(mut self) -> EncodingScores {
        self.detector.feed(b"", true);
        if !self.begun.is_empty() {
            self.bad_utf8();
        }
        for reading in &mut self.readings {
            reading.finish();
        }
        let best = self
            .readings
            .iter()
            .map(ModelReading::score)
            .fold(f64::NEG_INFINITY, f64::max);
        let weights = self
            .readings
            .map(|reading| ((reading.score() - best).exp(), reading.tally()));
        let sum: f64 = weights.iter().map(|(weight, _)| weight).sum();
        EncodingScores {
            utf8: self.utf8,
            likely: weights.map(|(weight, tally)| (weight / sum, tally)),
            detected: self.detector.guess(None, Utf8Detection::Deny),
            first_bad_line: self.first_bad_line,
        }
    }

    fn feed_utf8(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, wrong) = rest.split_at(error.valid_up_to());
            self.good_utf8(valid);
            let Some(length) = error.error_len() else {
                self.begun = wrong.to_vec();
                return;
            };
            self.bad_utf8();
            rest = wrong.get(length..).unwrap_or_default();
        }
        self.good_utf8(rest);
    }

    fn good_utf8(&mut self, valid: &[u8]) {
        self.utf8.good += beyond_ascii(valid);
        self.lines += count(valid, |byte| byte == b'\n');
    }

    fn bad_utf8(&mut self) {
        self.utf8.bad += 1;
        self.first_bad_line.get_or_insert(self.lines + 1);
    }
}

impl EncodingScores {
    /// Returns true if all bytes are ASCII, which is valid in every supported encoding.
    pub(crate) const fn is_ascii(&self) -> bool {
        self.utf8.good == 0 && self.utf8.bad == 0
    }

    /// Returns true if more non-ASCII characters are valid UTF-8 than are not, or none is invalid.
    pub(crate) const fn is_utf8(&self) -> bool {
        self.utf8.good > self.utf8.bad || self.utf8.bad == 0
    }

    /// Returns the modelled encodings (all but UTF-8) with their probabilities, the most likely first.
    pub(crate) fn ranking(&self) -> Vec<(&'static Encoding, f64)> {
        let mut ranking: Vec<(&'static Encoding, f64)> = MODELS
            .iter()
            .zip(self.likely)
            .map(|(model, (probability, _))| (model.encoding, probability))
            .collect();
        ranking.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranking
    }

    pub(crate) const fn detected(&self) -> &'static Encoding {
        self.detected
    }

    /// Returns true if at most one in ten characters is invalid in this encoding. Also true for an encoding
    /// without a model, for example a single-byte encoding that is not modelled.
    pub(crate) fn reads_as(&self, encoding: &'static Encoding) -> bool {
        let model = MODELS.iter().position(|model| model.encoding == encoding);
        let tally = model
            .and_then(|model| self.likely.get(model))
            .map(|(_, tally)| *tally);
        tally.is_none_or(|tally| tally.bad.saturating_mul(10) <= tally.good)
    }
}

/// Counts the non-ASCII characters of valid UTF-8, by their first bytes.
fn beyond_ascii(text: &[u8]) -> u64 {
    count(text, |byte| byte >= 0xc0)
}

fn count(bytes: &[u8], which: impl Fn(u8) -> bool) -> u64 {
    bytes.iter().map(|byte| u64::from(which(*byte))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;

    fn weigh(bytes: &[u8], chunk: usize) -> EncodingScores {
        let mut evidence = Evidence::new();
        bytes.chunks(chunk).for_each(|part| evidence.feed(part));
        evidence.finish()
    }

    #[test]
    fn bytes_weigh_the_same_however_they_are_cut() {
        let text = "id,name\nC1,张三\nC2,𠮷野家\n";
        let (gb, _, _) = GB18030.encode(text);
        let broken = [text.as_bytes(), b"\xffx\xe5\xbc"].concat();
        for bytes in [text.as_bytes(), &gb, &broken] {
            let whole = weigh(bytes, bytes.len());
            for chunk in 1..6 {
                assert_eq!(weigh(bytes, chunk), whole, "{chunk}");
            }
        }
        let (utf8, gb) = (weigh(text.as_bytes(), 99), weigh(&gb, 99));
        assert_eq!(
            (utf8.utf8, utf8.first_bad_line),
            (Tally { good: 5, bad: 0 }, None)
        );
        assert_eq!(
            (gb.likely[0].1, gb.first_bad_line),
            (Tally { good: 5, bad: 0 }, Some(2))
        );
        assert_eq!(weigh(&broken, 99).utf8, Tally { good: 5, bad: 2 });
        assert_eq!(weigh(&broken, 99).first_bad_line, Some(4));
    }
}
