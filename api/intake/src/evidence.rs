//! What a file's bytes say of their encoding: how far they are UTF-8, how far GB18030, and in which line the
//! first of them stands that is no UTF-8.
//!
//! One wrong byte makes a file no other encoding: what counts is how much of it reads well.

use encoding_rs::{Decoder, DecoderResult, GB18030};

/// Room for decoded text, which is only counted.
const TEXT_BYTES: usize = 16 * 1024;

/// Characters beyond ASCII, and sequences that are no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    good: u64,
    bad: u64,
}

/// Takes bytes as they come; characters that are cut by a border between two chunks count once.
pub(crate) struct Evidence {
    utf8: Tally,
    gb: Tally,
    /// The first bytes of a character whose rest has not come.
    begun: Vec<u8>,
    decoder: Decoder,
    text: Vec<u8>,
    /// Ends of lines so far.
    lines: u64,
    first_bad_line: Option<u64>,
}

/// What they came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weighed {
    utf8: Tally,
    gb: Tally,
    /// Where the first bytes stand that are no UTF-8, from 1.
    pub(crate) first_bad_line: Option<u64>,
}

impl Evidence {
    pub(crate) fn new() -> Self {
        Self {
            utf8: Tally::default(),
            gb: Tally::default(),
            begun: Vec::new(),
            decoder: GB18030.new_decoder_without_bom_handling(),
            text: vec![0; TEXT_BYTES],
            lines: 0,
            first_bad_line: None,
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.feed_utf8(bytes);
        self.feed_gb(bytes, false);
    }

    pub(crate) fn finish(mut self) -> Weighed {
        self.feed_gb(b"", true);
        if !self.begun.is_empty() {
            self.bad_utf8();
        }
        Weighed {
            utf8: self.utf8,
            gb: self.gb,
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

    fn feed_gb(&mut self, bytes: &[u8], last: bool) {
        let mut rest = bytes;
        loop {
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(rest, &mut self.text, last);
            self.gb.good += beyond_ascii(self.text.get(..written).unwrap_or_default());
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.gb.bad += 1,
            }
        }
    }
}

impl Weighed {
    /// Every byte is of ASCII, and so of any encoding that is read here.
    pub(crate) const fn is_ascii(&self) -> bool {
        self.utf8.good == 0 && self.utf8.bad == 0
    }

    /// Most of what is not ASCII reads as UTF-8.
    pub(crate) const fn is_utf8(&self) -> bool {
        self.utf8.good > self.utf8.bad || self.utf8.bad == 0
    }

    /// It reads as GB18030 nearly whole: of ten characters at most one is none.
    pub(crate) const fn reads_as_gb(&self) -> bool {
        self.gb.bad.saturating_mul(10) <= self.gb.good
    }
}

/// Characters of valid UTF-8 that take more than one byte: each begins with one of these.
fn beyond_ascii(text: &[u8]) -> u64 {
    count(text, |byte| byte >= 0xc0)
}

fn count(bytes: &[u8], which: impl Fn(u8) -> bool) -> u64 {
    bytes.iter().map(|byte| u64::from(which(*byte))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weigh(bytes: &[u8], chunk: usize) -> Weighed {
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
        assert_eq!((gb.gb, gb.first_bad_line), (Tally { good: 5, bad: 0 }, Some(2)));
        assert_eq!(weigh(&broken, 99).utf8, Tally { good: 5, bad: 2 });
        assert_eq!(weigh(&broken, 99).first_bad_line, Some(4));
    }
}
