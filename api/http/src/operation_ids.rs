//! The operation ids of the published description. Generated clients name their methods after them, so an id
//! that was published never changes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One line per operation, sorted: `METHOD PATH`, a tab, the id. An id is a verb with its object, in snake
/// case: a client in another language writes it in its own case.
const TABLE: &str = include_str!("operation_ids.tsv");

/// Returns the operation id of a method and path; `None` if the table has no line for it.
pub(crate) fn operation_id(method: &str, path: &str) -> Option<&'static str> {
    static IDS: LazyLock<BTreeMap<(&str, &str), &str>> = LazyLock::new(|| rows().collect());
    IDS.get(&(method, path)).copied()
}

/// Returns method and path with the id of each line.
fn rows() -> impl Iterator<Item = ((&'static str, &'static str), &'static str)> {
    TABLE.lines().filter_map(|line| {
        let (operation, id) = line.split_once('\t')?;
        Some((operation.split_once(' ')?, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::endpoints;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_one_line_and_every_line_its_operation() {
        let endpoints = endpoints();
        let operations: BTreeSet<(&str, &str)> = endpoints
            .iter()
            .map(|endpoint| (endpoint.method.as_str(), endpoint.path))
            .collect();
        let described: Vec<(&str, &str)> = rows().map(|(operation, _)| operation).collect();
        let unnamed: Vec<_> = operations.iter().filter(|one| !described.contains(one)).collect();
        let gone: Vec<_> = described.iter().filter(|one| !operations.contains(one)).collect();
        assert!(unnamed.is_empty(), "add a line to operation_ids.tsv: {unnamed:?}");
        assert!(gone.is_empty(), "no operation: {gone:?}");
        assert!(described.is_sorted() && described.len() == operations.len());
    }

    #[test]
    fn an_id_is_a_verb_and_an_object_in_snake_case_and_names_one_operation() {
        let ids: Vec<&str> = rows().map(|(_, id)| id).collect();
        let once: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(once.len(), ids.len(), "an id names two operations");
        for id in ids {
            let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
            let words: Vec<&str> = id.split('_').collect();
            assert!(words.len() >= 2 && words.iter().all(|word| is_word(word)), "{id}");
        }
    }

    /// `make clients` compares the names with the generated clients; this test needs no generator.
    #[test]
    fn the_golden_method_names_are_operation_ids() {
        let names = include_str!("../../../clients/method_names.tsv");
        let ids: BTreeSet<&str> = rows().map(|(_, id)| id).collect();
        let camel = |id: &str| {
            let mut words = id.split('_');
            let first = words.next().unwrap_or_default().to_owned();
            words.fold(first, |name, word| {
                let (initial, rest) = word.split_at(1);
                name + &initial.to_uppercase() + rest
            })
        };
        let golden: Vec<Vec<&str>> = names
            .lines()
            .skip(1)
            .map(|line| line.split('\t').collect())
            .collect();
        assert_eq!(golden.len(), 30);
        for row in golden {
            let python = row[0];
            assert!(ids.contains(python), "no operation is {python}");
            assert_eq!(row[1..], [camel(python), camel(python)], "{python}");
        }
    }
}
