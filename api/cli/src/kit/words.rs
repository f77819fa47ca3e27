//! Arguments that take one word of a fixed list. `--help` and errors list the words.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Returns a parser for one of `words`. Each pair holds a word and its help text; an empty help text shows
/// the word alone.
pub(crate) fn word_of<T>(
    words: &[(&'static str, &'static str)],
    of_word: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    let values = words.iter().map(|(word, means)| match *means {
        "" => PossibleValue::new(*word),
        means => PossibleValue::new(*word).help(means),
    });
    PossibleValuesParser::new(values.collect::<Vec<_>>())
        .try_map(move |word| of_word(&word).ok_or("it is not one of them"))
}
