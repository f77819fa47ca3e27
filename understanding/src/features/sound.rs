//! Computes the sound of a character, without tone, with the sounds merged that speakers and recognizers
//! confuse.
//!
//! Merged are zh/z, ch/c, sh/s, n/l, an/ang, en/eng, in/ing: a character that a recognizer writes wrongly
//! still has the right sound.

use pinyin::ToPinyin;

/// Returns a number for the sound of a character without tone: equal for sounds that are confused. For a
/// character without a reading, its code point.
pub(crate) fn syllable(character: char) -> u32 {
    match character.to_pinyin() {
        None => u32::from(character),
        // The hash is moved into the upper half, beyond all code points.
        Some(reading) => {
            let fuzzy = fuzzy(reading.plain());
            fuzzy.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            }) | 0x8000_0000
        }
    }
}

/// Returns a pinyin syllable with confused sounds merged: zh/z, ch/c, sh/s, n/l, an/ang, en/eng, in/ing.
fn fuzzy(plain: &str) -> String {
    let (first, rest) = match plain {
        _ if plain.starts_with("zh") || plain.starts_with("ch") || plain.starts_with("sh") => {
            plain.split_at(2)
        }
        _ => plain.split_at(plain.chars().next().map_or(0, char::len_utf8)),
    };
    let first = match first {
        "zh" => "z",
        "ch" => "c",
        "sh" => "s",
        "n" => "l",
        other => other,
    };
    let rest = match rest.strip_suffix("ng") {
        Some(open) if !open.ends_with('o') => format!("{open}n"),
        _ => rest.to_owned(),
    };
    format!("{first}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confused_sounds_alike_and_the_rest_does_not() {
        for (one, other) in [
            ('是', '四'),
            ('南', '蓝'),
            ('身', '生'),
            ('新', '星'),
            ('张', '赞'),
        ] {
            assert_eq!(syllable(one), syllable(other), "{one}{other}");
        }
        for (one, other) in [('八', '打'), ('东', '灯'), ('a', 'b'), ('是', '好')] {
            assert_ne!(syllable(one), syllable(other), "{one}{other}");
        }
    }
}
