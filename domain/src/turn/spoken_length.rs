//! The number of characters that were spoken before a clip was cut.

/// Returns how many characters of a text were spoken after `played_ms` of its clip of `duration_ms`,
/// assuming that letters and digits have an even pace. Punctuation counts once the next letter or digit has
/// begun.
pub fn characters_spoken(text: &str, played_ms: u64, duration_ms: u64) -> usize {
    let sounding = text.chars().filter(|one| one.is_alphanumeric()).count();
    if played_ms >= duration_ms {
        return text.chars().count();
    }
    let share = u128::from(played_ms) * sounding as u128 / u128::from(duration_ms.max(1));
    let mut left = usize::try_from(share).unwrap_or(sounding);
    let mut spoken = 0;
    for (index, one) in text.chars().enumerate() {
        if !one.is_alphanumeric() {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        spoken = index + 1;
    }
    spoken
}
