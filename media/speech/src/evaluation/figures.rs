//! Counts the differences between a recognized text and the words that were said: edits, by characters or by
//! words.

/// Returns the edit distance: the smallest number of insertions, deletions and substitutions that turn the
/// recognized units `made_out` into the spoken ones `said`.
pub(super) fn edits<T: PartialEq>(said: &[T], made_out: &[T]) -> usize {
    let mut before: Vec<usize> = (0..=made_out.len()).collect();
    for (row, one) in said.iter().enumerate() {
        let mut now = vec![row + 1];
        for (column, other) in made_out.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&before, column) + usize::from(one != other);
            let least = replaced
                .min(at(&before, column + 1) + 1)
                .min(at(&now, column) + 1);
            now.push(least);
        }
        before = now;
    }
    before.last().copied().unwrap_or(0)
}

/// Splits a text into the units that are compared: characters if it contains Chinese, otherwise words; in
/// lower case, without punctuation.
pub(super) fn units(text: &str) -> Vec<String> {
    let is_chinese = |one: char| ('\u{3400}'..='\u{9fff}').contains(&one);
    let plain = text.to_lowercase();
    let letters = |one: &char| one.is_alphanumeric() || *one == '\'';
    if plain.chars().any(is_chinese) {
        return plain.chars().filter(letters).map(String::from).collect();
    }
    let words = plain.split_whitespace();
    let words = words.map(|word| word.chars().filter(letters).collect::<String>());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_the_fewest_between_two_texts() {
        for (said, made_out, wrong, of) in [
            ("我要分期。", "我要分期", 0, 4),
            ("我要分期", "我要分", 1, 4),
            ("我要分期", "我不要分七", 2, 4),
            ("", "嗯", 1, 0),
            ("Yes, please!", "yes please", 0, 2),
            ("call me later", "call later now", 2, 3),
            ("办理APP", "办理app", 0, 5),
        ] {
            let (said, made_out) = (units(said), units(made_out));
            assert_eq!((edits(&said, &made_out), said.len()), (wrong, of), "{said:?}");
        }
    }
}
