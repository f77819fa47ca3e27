//! Hostile YAML texts, the same in every run, which a parser must process in linear time.
//!
//! Tests check counts on short texts; `ledgerline-bench yaml` measures 256 KiB of each. Each kind is repeated
//! to the requested length, so that more than linear work shows in the growth.

/// Parts of hostile YAML texts, by name, which are repeated to the full length. Each has made some YAML
/// parser slow.
const REPEATED: &[(&str, &str)] = &[
    ("flow maps", "{\"a\":"),
    ("flow lists", "["),
    ("flow lists on lines", "[\n"),
    ("flow maps of plain keys", "{a: "),
    ("closed lists", "[],"),
    ("brackets that do not match", "[}"),
    ("closing brackets", "]"),
    ("entries in entries", "- "),
    ("keys in keys", "? "),
    ("values without keys", ": "),
    ("keys and values", "? a\n: b\n"),
    ("tags", "!a "),
    ("tags of a handle", "!!str "),
    ("anchors", "&a "),
    ("aliases", "*a "),
    ("aliases in a list", "*a, "),
    ("entries", "- a\n"),
    ("empty entries", "-\n"),
    ("keys", "a: b\n"),
    ("keys without values", "a:\n"),
    ("quotes", "\""),
    ("empty quotes", "\"\" "),
    ("single quotes", "'"),
    ("quoted keys", "\"a\": "),
    ("escapes", "\\"),
    ("one long word", "a"),
    ("long words", "a "),
    ("long lines of a plain text", "a\n "),
    ("characters of three bytes", "中"),
    ("block texts", "|\n"),
    ("block texts in entries", "- |\n"),
    ("folded texts", ">-\n\n"),
    ("block texts with lines", "- >\n  a\n\n"),
    ("blank lines", "\n"),
    ("carriage returns", "\r"),
    ("blanks", " "),
    ("tabs", "\t"),
    ("blanks and lines", "  \n"),
    ("comments", "#\n"),
    ("comments behind words", "a #b\n"),
    ("one long comment", "# "),
    ("documents", "---\n"),
    ("ends of documents", "...\n"),
    ("directives", "%YAML 1.2\n"),
    ("tag directives", "%TAG !a! b\n"),
    ("commas", ","),
    ("colons", ":"),
    ("dashes", "-"),
    ("question marks", "?"),
    ("anchored entries", "- &a b\n"),
    ("merge keys", "<<: "),
    ("numbers", "1, "),
];

/// The contexts in which each part is repeated.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("a: ", ""),
    ("[", ""),
    ("{", ""),
    ("\"", ""),
    ("a: |\n ", ""),
    ("- [", "]"),
];

/// Returns texts of at most `bytes_max` bytes with their names: repeated parts in each context, deep
/// indentation, alias bombs, long names, and random sequences of tokens.
pub fn hostile(bytes_max: usize) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (name, part) in REPEATED {
        for (before, after) in AROUND {
            let room = bytes_max - before.len() - after.len();
            let text = format!("{before}{}{after}", part.repeat(room / part.len()));
            texts.push((format!("{name} after {before:?}"), text));
        }
    }
    texts.push(("a staircase".to_owned(), staircase(bytes_max)));
    texts.push(("a bomb of aliases".to_owned(), bomb(bytes_max)));
    texts.push(("anchors in anchors".to_owned(), anchors(bytes_max)));
    texts.push(("keys of one beginning".to_owned(), keys(bytes_max)));
    for seed in 1..=40 {
        texts.push((format!("soup {seed}"), soup(bytes_max, seed)));
    }
    texts
}

/// Returns lines that are each indented by one more blank.
fn staircase(bytes_max: usize) -> String {
    let mut text = String::new();
    for level in 0.. {
        let line = format!("{}a:\n", " ".repeat(level));
        if text.len() + line.len() > bytes_max {
            break;
        }
        text.push_str(&line);
    }
    text
}

fn bomb(bytes_max: usize) -> String {
    let half = bytes_max / 2 - 16;
    format!(
        "a: &a [{}1]\nb: [{}*a]\n",
        "1,".repeat(half / 2),
        "*a,".repeat(half / 3)
    )
}

/// Returns nested anchored lists around a long list: a parser that copies anchored nodes copies the long
/// list at each level.
fn anchors(bytes_max: usize) -> String {
    let levels = (bytes_max / 20).min(100);
    let opened: String = (0..levels).map(|level| format!("&a{level} [")).collect();
    let items = "1,".repeat((bytes_max - opened.len() - levels) / 2);
    format!("{opened}{items}{}", "]".repeat(levels))
}

fn keys(bytes_max: usize) -> String {
    let mut text = String::new();
    for at in 0.. {
        let line = format!("a_key_of_a_long_beginning_{at}: 1\n");
        if text.len() + line.len() > bytes_max {
            break;
        }
        text.push_str(&line);
    }
    text
}

/// Returns YAML tokens in a pseudo-random order (xorshift). The same seed gives the same text.
fn soup(bytes_max: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut text = String::new();
    // A seed uses only some of the parts, so that some texts are long before they are refused.
    let (among, from) = (3 + seed % 13, seed * 7);
    loop {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let at = usize::try_from(from + state % among).unwrap_or_default() % REPEATED.len();
        let part = REPEATED.get(at).map_or("a", |(_, part)| *part);
        if text.len() + part.len() > bytes_max {
            return text;
        }
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NESTING_MAX, YamlError, prescan, tree, value};
    use super::*;

    #[test]
    fn every_hostile_text_is_scanned_in_two_steps_a_byte() {
        for bytes_max in [500, 4_000] {
            for (name, text) in hostile(bytes_max) {
                assert!(text.len() <= bytes_max, "{name}");
                match prescan::check(&text) {
                    Ok(found) => {
                        assert!(found.steps <= 2 * text.len(), "{name}: {} steps", found.steps);
                        assert!(found.depth <= NESTING_MAX, "{name}: {} levels", found.depth);
                    }
                    Err(YamlError::TooDeep { .. } | YamlError::Unreadable { .. }) => {}
                    Err(other) => panic!("{name}: {other}"),
                }
            }
        }
    }

    #[test]
    fn what_is_read_of_a_hostile_text_is_bounded_by_its_length() {
        for (name, text) in hostile(2_000) {
            let (events, read) = tree::read_counted(&text);
            assert!(events <= 2 * text.len() + 8, "{name}: {events} events");
            if read.is_ok() {
                let bytes = value(&text)
                    .map(|read| read.to_string().len())
                    .unwrap_or_default();
                // A JSON escape takes six bytes; an empty node is written `null,`.
                assert!(
                    bytes <= 6 * (tree::TIMES_MAX + 1) * (text.len() + 1),
                    "{name}: {bytes} bytes"
                );
            }
        }
    }
}
