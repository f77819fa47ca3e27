//! Sounds of listening: they are no answer while we speak, and never consent.

/// Those of Chinese, a character each.
const CHINESE: &str = "嗯啊哦噢喔呃唔哎诶欸对好是";
/// Those of English, a word each.
const ENGLISH: &[&str] = &[
    "ah", "aha", "hm", "hmm", "huh", "mhm", "mm", "mmm", "oh", "ok", "okay", "right", "sure", "uh", "uhhuh",
    "um", "yeah", "yes",
];

/// Whether a text is sounds of listening and nothing else; an empty one is.
pub fn is_back_channel(text: &str) -> bool {
    let mut words = text
        .split(|one: char| !one.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.all(|word| {
        let chinese = word.chars().all(|one| CHINESE.contains(one));
        chinese || ENGLISH.contains(&word.to_ascii_lowercase().as_str())
    })
}
