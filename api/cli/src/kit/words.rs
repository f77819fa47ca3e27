//! Arguments that are one word of a list: which words there are, in `--help` and in errors.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// A parser of one of these words; each with what it means, or with nothing where it says it itself.
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
