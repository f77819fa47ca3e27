//! Encodes bytes as hexadecimal digits and decodes them, for every crate that may use this one. Only
//! `understanding`, which uses no crate of the workspace, encodes a digest itself.

/// The digits by their value.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Returns two lower-case digits per byte, high half first.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 0x0f] {
            text.extend(DIGITS.get(usize::from(half)).copied().map(char::from));
        }
    }
    text
}

/// Returns the digits of the first `count` bytes, or of all if there are fewer.
pub fn encode_first(count: usize, bytes: &[u8]) -> String {
    encode(bytes.get(..count).unwrap_or(bytes))
}

/// Writes the bytes that `text` encodes into `bytes`. Accepts both cases. Returns false if `text` does not
/// have exactly two digits per byte; `bytes` then holds a part of them.
#[must_use]
pub fn decode_into(text: &str, bytes: &mut [u8]) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return false;
    }
    let mut pairs = bytes.iter_mut().zip(pairs);
    pairs.all(|(byte, [high, low])| {
        let value = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low);
        *byte = value.unwrap_or_default();
        value.is_some()
    })
}

/// Returns the bytes that `text` encodes, in lower or upper case; `None` if it does not have exactly two
/// digits per byte.
pub fn decode<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    decode_into(text, &mut bytes).then_some(bytes)
}

/// As [`decode`], for formats that allow lower-case digits only.
pub fn decode_lower_case<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let is_lower_case = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    decode(text).filter(|_| is_lower_case)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_encoded_as_the_formatter_does_and_decoded_again() {
        for byte in 0..=u8::MAX {
            let text = encode(&[byte]);
            assert_eq!(text, format!("{byte:02x}"));
            assert_eq!(decode(&text), Some([byte]));
            assert_eq!(decode(&text.to_uppercase()), Some([byte]));
        }
        assert_eq!(encode(&[0x00, 0x0f, 0xf0]), "000ff0");
        assert_eq!(encode(&[]), "");
        assert_eq!(encode_first(1, &[1, 2]), "01");
        assert_eq!(encode_first(3, &[1, 2]), "0102");
        assert_eq!(decode::<3>("000ff0"), Some([0x00, 0x0f, 0xf0]));
    }

    #[test]
    fn other_lengths_and_other_characters_are_refused() {
        for wrong in ["", "a", "abc", "abcde", "+f00", " f00", "0g00", "é00", "0x00"] {
            assert_eq!(decode::<2>(wrong), None, "{wrong}");
        }
        assert_eq!(decode::<0>(""), Some([]));
    }

    #[test]
    fn a_format_of_lower_case_digits_refuses_upper_case() {
        assert_eq!(decode_lower_case("ab"), Some([0xab]));
        for wrong in ["AB", "aB", "Ab"] {
            assert_eq!(decode_lower_case::<1>(wrong), None, "{wrong}");
        }
    }
}
