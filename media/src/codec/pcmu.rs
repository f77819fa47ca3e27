//! G.711 µ-law, by table: 14-bit uniform samples to 8 bits, all bits inverted.
//!
//! ITU-T G.711 tables 2a and 2b; negative samples take the one's complement, as in ITU-T G.191
//! `ulaw_compress`.

use std::array;
use std::sync::LazyLock;

/// Added to a 14-bit magnitude so that segments begin at powers of two (G.711, table 2a).
const BIAS: u16 = 33;
/// Largest magnitude with its bias that the eight segments hold.
const MAGNITUDE_MAX: u16 = 0x1FFF;

/// The codes of all 13-bit magnitudes, without sign.
static MAGNITUDE_CODES: LazyLock<[u8; 8_192]> =
    LazyLock::new(|| array::from_fn(|magnitude| compress(u16::try_from(magnitude).unwrap_or(u16::MAX))));

/// The 16-bit sample of each transmitted byte.
static SAMPLES: LazyLock<[i16; 256]> =
    LazyLock::new(|| array::from_fn(|byte| expand(u8::try_from(byte).unwrap_or(u8::MAX))));

fn compress(magnitude: u16) -> u8 {
    let mut mantissa = (magnitude + BIAS).min(MAGNITUDE_MAX) >> 1;
    let mut segment = 0_u8;
    while mantissa > 31 {
        mantissa >>= 1;
        segment += 1;
    }
    (segment << 4) | u8::try_from(mantissa & 0x0F).unwrap_or(15)
}

fn expand(byte: u8) -> i16 {
    let code = !byte;
    let segment = (code >> 4) & 0x07;
    let magnitude = (((i16::from(code & 0x0F) << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

/// Returns the byte that transmits a sample.
pub(super) fn encode_sample(sample: i16) -> u8 {
    let positive = if sample < 0 { !sample } else { sample };
    let magnitude = usize::try_from(positive >> 2).unwrap_or(0);
    let code = MAGNITUDE_CODES.get(magnitude).copied().unwrap_or(0x7F);
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(code | sign)
}

/// Returns the sample of a transmitted byte.
pub(super) fn decode_byte(byte: u8) -> i16 {
    SAMPLES.get(usize::from(byte)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoder_gives_the_values_of_table_2a() {
        // (transmitted byte, value in G.711 units of 1/8159 full scale, times 4 for 16 bits)
        for (byte, value) in [
            (0xFF, 0),
            (0xFE, 2),
            (0xEF, 33),
            (0xDF, 99),
            (0xCF, 231),
            (0xBF, 495),
            (0xAF, 1_023),
            (0x9F, 2_079),
            (0x8F, 4_191),
            (0x80, 8_031),
            (0x7F, 0),
            (0x00, -8_031),
        ] {
            assert_eq!(i32::from(decode_byte(byte)), value * 4, "{byte:#04x}");
        }
    }

    #[test]
    fn every_byte_but_negative_zero_comes_back_after_decoding_and_encoding() {
        for byte in 0..=255_u8 {
            let expected = if byte == 0x7F { 0xFF } else { byte };
            assert_eq!(encode_sample(decode_byte(byte)), expected);
        }
    }

    #[test]
    fn a_decision_value_falls_into_the_upper_interval() {
        // Between 0xFF (0 to 1) and 0xFE (1 to 3) lies decision value 1, which is 4 at 16 bits.
        assert_eq!((encode_sample(3), encode_sample(4)), (0xFF, 0xFE));
        assert_eq!((encode_sample(-1), encode_sample(-5)), (0x7F, 0x7E));
        assert_eq!((encode_sample(i16::MAX), encode_sample(i16::MIN)), (0x80, 0x00));
    }

    #[test]
    fn the_digital_milliwatt_of_table_6_is_a_sine_at_its_level() {
        let wire = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E];
        let samples: Vec<i16> = wire.into_iter().map(decode_byte).collect();
        assert_eq!(
            samples,
            [-8_828, -20_860, -20_860, -8_828, 8_828, 20_860, 20_860, 8_828]
        );
        let back: Vec<u8> = samples.into_iter().map(encode_sample).collect();
        assert_eq!(back, wire);
    }
}
