//! Percent-encoding of path segments and query values (RFC 3986, 2.1) in our routes and commands.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Characters that are encoded: all but the unreserved ones (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes a text for use as a path segment or query value in a URL.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Decodes a percent-encoded path segment. `None` if a `%` is not followed by two hexadecimal digits, or
/// the bytes are not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    // The library leaves a broken escape unchanged, so that another name than the intended one would be
    // looked up.
    let mut after = text.split('%').skip(1);
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !after.all(is_escape) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_to_the_same() {
        for text in ["+8613800138000", "客户 1/2?", "a-b._~", "", "100%"] {
            let encoded = encode(text);
            assert!(
                encoded
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
            );
            assert_eq!(decode(&encoded).as_deref(), Some(text));
        }
        assert_eq!(encode("客户ID=a"), "%E5%AE%A2%E6%88%B7ID%3Da");
        assert_eq!(encode("+8613800138000"), "%2B8613800138000");
    }

    #[test]
    fn a_number_in_a_path_is_decoded() {
        assert_eq!(decode("%2B8613800138000").as_deref(), Some("+8613800138000"));
        assert_eq!(decode("%E5%AE%A2").as_deref(), Some("客"));
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
    #[test]
    fn what_was_encoded_twice_is_decoded_once() {
        assert_eq!(decode("%252B86").as_deref(), Some("%2B86"));
        assert_eq!(decode("%25%32%42").as_deref(), Some("%2B"));
    }
}
