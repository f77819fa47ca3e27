//! How likely bytes are in one encoding, by the regions of its table that they fall into.
//!
//! Each model gives a probability to every non-ASCII character: the share of a region in ordinary text,
//! divided by the number of characters in the region. Shares are round figures from the design of the
//! tables (GB 2312 and Big5 have the common characters in a first level, KS X 1001 its syllables in rows B0
//! to C8), not measurements. An ASCII byte costs the same in all of them.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

pub(crate) const MODELS_COUNT: usize = 7;

/// The models. Their order does not matter.
pub(crate) const MODELS: [Model; MODELS_COUNT] = [
    Model {
        encoding: GB18030,
        prior: 0.8,
        units: Units::Double(gb18030),
    },
    Model {
        encoding: BIG5,
        prior: 0.06,
        units: Units::Double(big5),
    },
    Model {
        encoding: EUC_KR,
        prior: 0.02,
        units: Units::Double(euc_kr),
    },
    Model {
        encoding: SHIFT_JIS,
        prior: 0.02,
        units: Units::Double(shift_jis),
    },
    Model {
        encoding: EUC_JP,
        prior: 0.02,
        units: Units::Double(euc_jp),
    },
    Model {
        encoding: WINDOWS_1252,
        prior: 0.06,
        units: Units::Single(western),
    },
    Model {
        encoding: WINDOWS_1251,
        prior: 0.02,
        units: Units::Single(cyrillic),
    },
];

/// Share of two-byte characters among all characters of a list.
const WIDE_SHARE: f64 = 0.5;

/// Probability of bytes outside the table. A damaged file has some.
const OUTSIDE: f64 = 1e-9;

/// Probability of one ASCII byte: about sixty are in use.
const ASCII: f64 = 1.0 / 60.0;

/// Factor for a two-byte character directly after a lower-case Latin letter. This is rare, while `é` and
/// `ü` often follow one.
const BEHIND_LETTER: f64 = 0.05;

/// A model of one encoding: how often it is used and which characters are likely.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    pub(crate) encoding: &'static Encoding,
    /// Share of this encoding among lists that are not UTF-8. Most come from mainland China.
    prior: f64,
    units: Units,
}

#[derive(Clone, Copy)]
enum Units {
    /// A first byte and the next byte.
    Double(fn(u8, u8) -> ByteMeaning),
    /// The byte, and true if the byte before it is not ASCII.
    Single(fn(u8, bool) -> Option<f64>),
}

/// The meaning of a first byte and the next one.
enum ByteMeaning {
    /// A character with this probability.
    Two(f64),
    /// The first byte alone is a character.
    One(f64),
    /// The first half of a four-byte character.
    HalfOfFour,
    /// Not a character: the first byte is outside the table.
    None,
}

/// Counts of characters, and of sequences that are not characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) good: u64,
    pub(crate) bad: u64,
}

/// A file's bytes as read by one model, with the probability so far.
#[derive(Clone, Copy)]
pub(crate) struct ModelReading {
    model: Model,
    /// Logarithm of the probability so far.
    score: f64,
    tally: Tally,
    first: Option<u8>,
    /// Number of further bytes of a four-byte character.
    to_pass: u8,
    /// The byte before the first byte.
    before: u8,
}

impl ModelReading {
    pub(crate) fn new(model: Model) -> Self {
        Self {
            model,
            score: model.prior.ln(),
            tally: Tally::default(),
            first: None,
            to_pass: 0,
            before: 0,
        }
    }

    pub(crate) const fn score(&self) -> f64 {
        self.score
    }

    pub(crate) const fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.model.units {
                Units::Double(read) => self.double(byte, read),
                Units::Single(read) => self.single(byte, read),
            }
        }
    }

    /// Ends the reading. An incomplete character at the end of the file is invalid.
    pub(crate) fn finish(&mut self) {
        if self.first.take().is_some() || self.to_pass > 0 {
            self.outside();
        }
    }

    fn good(&mut self, probability: f64) {
        self.score += probability.ln();
        self.tally.good += 1;
    }

    fn outside(&mut self) {
        self.score += OUTSIDE.ln();
        self.tally.bad += 1;
    }

    fn single(&mut self, byte: u8, read: fn(u8, bool) -> Option<f64>) {
        if byte >= 0x80 {
            match read(byte, self.before >= 0x80) {
                Some(probability) => self.good(probability),
                None => self.outside(),
            }
        }
        self.before = byte;
    }

    fn double(&mut self, byte: u8, read: fn(u8, u8) -> ByteMeaning) {
        if self.to_pass > 0 {
            self.to_pass -= 1;
            return;
        }
        let Some(first) = self.first.take() else {
            self.begin(byte);
            return;
        };
        let behind_letter = if self.before.is_ascii_lowercase() {
            BEHIND_LETTER
        } else {
            1.0
        };
        match read(first, byte) {
            ByteMeaning::Two(probability) => {
                self.good(WIDE_SHARE * behind_letter * probability);
                if byte < 0x80 {
                    // Other models read this byte as ASCII, without a cost. Its cost is removed here, too.
                    self.score -= ASCII.ln();
                }
                self.before = first;
            }
            ByteMeaning::HalfOfFour => {
                self.good(WIDE_SHARE * 0.005 / 1e6);
                self.score -= 2.0 * ASCII.ln();
                self.to_pass = 2;
                self.before = first;
            }
            ByteMeaning::One(probability) => {
                self.good(WIDE_SHARE * probability);
                self.before = first;
                self.begin(byte);
            }
            ByteMeaning::None => {
                self.outside();
                self.before = first;
                self.begin(byte);
            }
        }
    }

    fn begin(&mut self, byte: u8) {
        match byte >= 0x80 {
            true => self.first = Some(byte),
            false => self.before = byte,
        }
    }
}

/// Returns a character of a region: the region's share of ordinary text divided by its number of
/// characters.
const fn of(share: f64, characters: f64) -> ByteMeaning {
    ByteMeaning::Two(share / characters)
}

fn gb18030(first: u8, trail: u8) -> ByteMeaning {
    match (first, trail) {
        // GB 2312: symbols, kana and similar, first and second level.
        (0xa1..=0xa3, 0xa1..=0xfe) => of(0.05, 282.0),
        (0xa4..=0xa9, 0xa1..=0xfe) => of(0.002, 564.0),
        (0xb0..=0xd7, 0xa1..=0xfe) => of(0.90, 3_755.0),
        (0xd8..=0xf7, 0xa1..=0xfe) => of(0.03, 3_008.0),
        // GBK: all other characters, including traditional ones.
        (0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe) => of(0.013, 14_000.0),
        (0x81..=0xfe, 0x30..=0x39) => ByteMeaning::HalfOfFour,
        _ => ByteMeaning::None,
    }
}

fn big5(first: u8, trail: u8) -> ByteMeaning {
    match (first, trail) {
        (0xa1..=0xa3, 0x40..=0x7e | 0xa1..=0xfe) => of(0.05, 408.0),
        (0xa4..=0xc6, 0x40..=0x7e | 0xa1..=0xfe) => of(0.92, 5_401.0),
        (0xc9..=0xf9, 0x40..=0x7e | 0xa1..=0xfe) => of(0.028, 7_652.0),
        // The Hong Kong additions.
        (0x87..=0xfe, 0x40..=0x7e | 0xa1..=0xfe) => of(0.002, 5_000.0),
        _ => ByteMeaning::None,
    }
}

fn euc_kr(first: u8, trail: u8) -> ByteMeaning {
    match (first, trail) {
        (0xa1..=0xac, 0xa1..=0xfe) => of(0.03, 986.0),
        (0xb0..=0xc8, 0xa1..=0xfe) => of(0.95, 2_350.0),
        (0xca..=0xfd, 0xa1..=0xfe) => of(0.01, 4_888.0),
        // Further syllables of Windows.
        (0x81..=0xc6, 0x41..=0x5a | 0x61..=0x7a | 0x81..=0xfe) => of(0.01, 8_822.0),
        _ => ByteMeaning::None,
    }
}

fn euc_jp(first: u8, trail: u8) -> ByteMeaning {
    match (first, trail) {
        (0xa1..=0xa3, 0xa1..=0xfe) => of(0.06, 282.0),
        (0xa4, 0xa1..=0xf3) => of(0.35, 83.0),
        (0xa5, 0xa1..=0xf6) => of(0.15, 86.0),
        (0xb0..=0xcf, 0xa1..=0xfe) => of(0.41, 2_965.0),
        (0xd0..=0xf4, 0xa1..=0xfe) => of(0.02, 3_390.0),
        (0x8e, 0xa1..=0xdf) => of(0.01, 63.0),
        _ => ByteMeaning::None,
    }
}

fn shift_jis(first: u8, trail: u8) -> ByteMeaning {
    match (first, trail) {
        (0x81, 0x40..=0x7e | 0x80..=0xfc) => of(0.06, 188.0),
        (0x82, 0x9f..=0xf1) => of(0.35, 83.0),
        (0x83, 0x40..=0x7e | 0x80..=0x96) => of(0.15, 86.0),
        (0x82..=0x87, 0x40..=0x7e | 0x80..=0xfc) => of(0.01, 900.0),
        (0x88..=0x98, 0x40..=0x7e | 0x80..=0xfc) => of(0.40, 2_965.0),
        (0x99..=0x9f | 0xe0..=0xea, 0x40..=0x7e | 0x80..=0xfc) => of(0.02, 3_390.0),
        // Half-width kana.
        (0xa1..=0xdf, _) => ByteMeaning::One(0.01 / 63.0),
        _ => ByteMeaning::None,
    }
}

/// Returns the probability of a Western character. About six in a hundred letters are accented, and two
/// adjacent ones are rare.
fn western(byte: u8, behind_another: bool) -> Option<f64> {
    let share = if behind_another { 0.02 } else { 0.06 };
    match byte {
        0x81 | 0x8d | 0x8f | 0x90 | 0x9d => None,
        0xd7 | 0xf7 | 0x80..=0xbf => Some(share * 0.1 / 61.0),
        0xc0..=0xff => Some(share * 0.9 / 62.0),
        _ => None,
    }
}

/// Returns the probability of a Cyrillic character. Words consist of non-ASCII letters, most of them lower
/// case.
fn cyrillic(byte: u8, behind_another: bool) -> Option<f64> {
    let share = if behind_another { 0.85 } else { 0.3 };
    match byte {
        0x98 => None,
        0xe0..=0xff => Some(share * 0.8 / 32.0),
        0xc0..=0xdf => Some(share * 0.18 / 32.0),
        _ => Some(share * 0.02 / 63.0),
    }
}
