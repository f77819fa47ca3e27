//! Back-channels (listening sounds): they are no answer while the robot speaks, and never consent.

/// Chinese back-channels, one character each.
const CHINESE: &str = "嗯啊哦噢喔呃唔哎诶欸对好是";
/// English back-channels, one word each.
const ENGLISH: &[&str] = &[
    "ah", "aha", "hm", "hmm", "huh", "mhm", "mm", "mmm", "oh", "ok", "okay", "right", "sure", "uh", "uhhuh",
    "um", "yeah", "yes",
];

/// Returns true if a text has only back-channels, or is empty.
pub fn is_back_channel(text: &str) -> bool {
    let mut words = text
        .split(|one: char| !one.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.all(|word| {
        let chinese = word.chars().all(|one| CHINESE.contains(one));
        chinese || ENGLISH.contains(&word.to_ascii_lowercase().as_str())
    })
}
