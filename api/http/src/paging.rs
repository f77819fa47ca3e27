//! Paged lists of rows: an opaque cursor marks where the next page begins, and is valid only for the request
//! it was made for (decision 0084).
//!
//! A cursor is the base64url of a version, a mark and a hidden place. The mark is a keyed hash over the
//! route, every parameter but `cursor`, `limit` and `after_position`, and the place. A filter may be a phone
//! number, which a plain digest in a URL would disclose. Places are positions, ids and times, also of rows
//! that were examined and not shown, so they are hidden under a key stream that starts from the mark: as in
//! SIV (RFC 5297), the mark both authenticates the place and makes the stream unique (decision 0087).

use crate::endpoint::Input;
use crate::query_parameters::AFTER_POSITION;
use application::as_of::{AS_OF, VALID_AT};
use application::installation::Installation;
use application::parameter::Parameter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::hex;
use domain::personal::LookupHash;
use domain::ports::vault::Vault;
use domain::problem::{Problem, ProblemKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Name of the query parameter with the cursor.
const CURSOR_NAME: &str = "cursor";
const LIMIT_NAME: &str = "limit";

/// The first byte of a cursor; another format has another one.
const VERSION: u8 = 2;

/// Length of a cursor's mark in bytes: long enough not to be guessed, short enough for a URL.
const MARK_BYTES: usize = 16;

/// Length of a keyed hash in bytes: HMAC-SHA-256.
const HASH_BYTES: usize = 32;

/// Maximum length of a cursor in bytes, a longer one is invalid: a place is a position, an id and a time at
/// most.
const CURSOR_BYTES_MAX: usize = 1_024;

/// Maximum and default rows of a page, for lists that had no pages at first.
pub(crate) const ROWS_MAX: usize = 1_000;

/// An example of a cursor.
pub(crate) const EXAMPLE: &str = "AeF2qb5i1rAjTq0mYyR9wYc0Mg";

/// Query parameters of a list in pages.
pub(crate) const CURSOR: Parameter = Parameter::text(
    CURSOR_NAME,
    "The `next_cursor` of the previous page; all other parameters must be the same",
    EXAMPLE,
);
pub(crate) const LIMIT: Parameter =
    Parameter::number(LIMIT_NAME, "Rows per page; default and maximum 1000", 100);
/// The parameters of a list without others.
pub(crate) const PAGED: &[Parameter] = &[CURSOR, LIMIT];
/// The parameters of a list that can also be requested as of a past moment.
pub(crate) const PAGED_THEN: &[Parameter] = &[AS_OF, VALID_AT, CURSOR, LIMIT];

/// The page length: default and maximum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageLength {
    pub unasked: usize,
    pub most: usize,
}

/// The page length of lists that had no pages at first.
pub(crate) const LONG: PageLength = PageLength {
    unasked: ROWS_MAX,
    most: ROWS_MAX,
};

/// A page of a list, with the cursor of the next page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{L}Page")]
pub(crate) struct ListPage<L> {
    #[serde(flatten)]
    pub list: L,
    /// Send it as `cursor` with the same other parameters; null on the last page.
    #[schemars(example = &EXAMPLE)]
    pub next_cursor: Option<String>,
}

/// The requested page of a list.
pub(crate) struct Paging {
    vault: Arc<dyn Vault>,
    asked: String,
    place: Option<String>,
    pub limit: usize,
}

impl Paging {
    /// Reads cursor and page length of a request with its filter in the URL. The cursor must be of the same
    /// route, path and filter; the length is limited to `length.most`.
    pub(crate) fn of(
        installation: &Installation,
        input: &Input,
        length: PageLength,
    ) -> Result<Self, Problem> {
        let mut filter: Vec<&(String, String)> = input
            .query()
            .0
            .iter()
            .filter(|(name, _)| ![CURSOR_NAME, LIMIT_NAME, AFTER_POSITION].contains(&name.as_str()))
            .collect();
        filter.sort();
        let parts = input.params.iter().map(String::as_str);
        let parts = parts.chain(filter.iter().flat_map(|(name, value)| [name.as_str(), value]));
        let asked = asked_of(input.route(), parts);
        let limit = input.number(LIMIT_NAME)?.unwrap_or(length.unasked);
        let vault = Arc::clone(&installation.environment.vault);
        Self::new(vault, asked, input.text(CURSOR_NAME), limit.clamp(1, length.most))
    }

    /// Reads cursor and page length of a request with its filter in the body. The cursor must be of the
    /// same route and filter.
    pub(crate) fn of_body(
        installation: &Installation,
        route: &str,
        filter: &impl Serialize,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Self, Problem> {
        let filter = serde_json::to_string(filter).map_err(|error| Problem::fault(error.to_string()))?;
        let asked = asked_of(route, [filter.as_str()].into_iter());
        let vault = Arc::clone(&installation.environment.vault);
        Self::new(vault, asked, cursor, limit)
    }

    fn new(
        vault: Arc<dyn Vault>,
        asked: String,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Self, Problem> {
        let mut paging = Self {
            vault,
            asked,
            place: None,
            limit,
        };
        if let Some(cursor) = cursor {
            paging.place = Some(paging.read(cursor).ok_or_else(not_ours)?);
        }
        Ok(paging)
    }

    /// Returns the sort key after which the page begins, from the cursor; `None` for the first page.
    pub(crate) fn place<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let place = |text| serde_json::from_str(text).ok().ok_or_else(not_ours);
        self.place.as_deref().map(place).transpose()
    }

    /// Returns the cursor of the page that begins after the row with this sort key.
    pub(crate) fn cursor<K: Serialize>(&self, place: &K) -> Result<String, Problem> {
        let place = serde_json::to_string(place).map_err(|error| Problem::fault(error.to_string()))?;
        let mark = self.mark(&place);
        let mut bytes = vec![VERSION];
        bytes.extend(&mark);
        bytes.extend(self.hidden(&mark, place.as_bytes()));
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Cuts this page out of a complete list that is sorted by `place`. Returns its rows and the cursor of
    /// the next page; `None` on the last one.
    pub(crate) fn cut<T, K: Ord + Serialize + DeserializeOwned>(
        &self,
        items: Vec<T>,
        place: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let begin: Option<K> = self.place()?;
        let mut rest: Vec<T> = items
            .into_iter()
            .filter(|item| begin.as_ref().is_none_or(|begin| *begin < place(item)))
            .take(self.limit.saturating_add(1))
            .collect();
        let is_last = rest.len() <= self.limit;
        rest.truncate(self.limit);
        let next = match rest.last().filter(|_| !is_last) {
            Some(last) => Some(self.cursor(&place(last))?),
            None => None,
        };
        Ok((rest, next))
    }

    /// Decodes a cursor and returns its hidden place; `None` for a cursor that is invalid or was made for
    /// another request.
    fn read(&self, cursor: &str) -> Option<String> {
        if cursor.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (mark, hidden) = rest.split_at_checked(MARK_BYTES)?;
        let place = String::from_utf8(self.hidden(mark, hidden)).ok()?;
        (mark == self.mark(&place)).then_some(place)
    }

    /// Returns the mark of a cursor's place, a keyed hash over request and place. The hashed text, here and
    /// for the key stream, begins with a character that no external id and no number contains; their keyed
    /// hashes are in the events.
    fn mark(&self, place: &str) -> Vec<u8> {
        let hash = self
            .vault
            .hash(&format!("\u{1f}cursor:{}{}:{place}", self.asked, place.len()));
        bytes_of(&hash).take(MARK_BYTES).collect()
    }

    /// Applies the key stream of a mark to a place; applied twice, it returns the place.
    fn hidden(&self, mark: &[u8], place: &[u8]) -> Vec<u8> {
        let mark = hex::encode(mark);
        let stream = (0_u32..).flat_map(|block| {
            let hash = self.vault.hash(&format!("\u{1f}cursor place:{mark}:{block}"));
            bytes_of(&hash).collect::<Vec<u8>>()
        });
        place.iter().zip(stream).map(|(one, with)| one ^ with).collect()
    }
}

/// Returns the bytes of a keyed hash, which is stored in hexadecimal.
fn bytes_of(hash: &LookupHash) -> impl Iterator<Item = u8> {
    hex::decode::<HASH_BYTES>(&hash.0).into_iter().flatten()
}

/// Joins route and parts, each with its length, so that no two requests give the same text.
fn asked_of<'a>(route: &'a str, parts: impl Iterator<Item = &'a str>) -> String {
    let mut asked = String::new();
    for part in std::iter::once(route).chain(parts) {
        asked.push_str(&format!("{}:{part}", part.len()));
    }
    asked
}

fn not_ours() -> Problem {
    Problem::new(
        ProblemKind::Invalid,
        "cursor-invalid",
        "cursor: invalid, or from another route or other parameters; leave it out to get the first page",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;
    use std::sync::LazyLock;
    use store::MemoryVault;

    /// One installation: another has other marks.
    static VAULT: LazyLock<Arc<dyn Vault>> =
        LazyLock::new(|| Arc::new(MemoryVault::new(Arc::new(host::clock::SystemIds))));

    fn paging(asked: &str, cursor: Option<&str>) -> Result<Paging, Problem> {
        Paging::new(Arc::clone(&VAULT), asked.to_owned(), cursor, 2)
    }

    #[test]
    fn pages_follow_one_another_to_the_end_of_the_list() {
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let asked = paging("a", cursor.as_deref()).unwrap();
            let (items, next) = asked
                .cut(vec![9, 7, 5, 3, 1], |item: &u64| Reverse(*item))
                .unwrap();
            assert!(items.len() <= 2);
            seen.extend(items);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [9, 7, 5, 3, 1]);
        let whole = paging("a", None)
            .unwrap()
            .cut(vec![1, 2], |item: &u64| *item)
            .unwrap();
        assert_eq!(
            whole,
            (vec![1, 2], None),
            "a page that is just full is the last one"
        );
    }

    #[test]
    fn a_row_that_went_or_came_meanwhile_moves_no_other() {
        let begun = paging("a", None).unwrap();
        let (_, next) = begun.cut(vec![1, 2, 3, 4], |item: &u64| *item).unwrap();
        let next = paging("a", next.as_deref()).unwrap();
        let (items, _) = next.cut(vec![0, 1, 3, 4], |item: &u64| *item).unwrap();
        assert_eq!(items, [3, 4]);
    }

    #[test]
    fn a_cursor_of_another_question_or_a_damaged_one_is_refused_and_named() {
        let cursor = paging("a", None).unwrap().cursor(&42).unwrap();
        assert_eq!(paging("a", Some(&cursor)).unwrap().place().unwrap(), Some(42));
        let altered = |at: usize| -> String {
            let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
            let letters = cursor.chars().enumerate();
            letters
                .map(|(index, letter)| if index == at { other(letter) } else { letter })
                .collect()
        };
        let altered: Vec<String> = (0..cursor.len()).map(altered).collect();
        let wrong = ["", "42", "YmVsb3cgNDI", "%%", &"A".repeat(5_000)].map(str::to_owned);
        for damaged in altered.iter().chain(&wrong) {
            let problem = paging("a", Some(damaged)).err().unwrap();
            assert_eq!(problem.code, "cursor-invalid", "{damaged}");
            assert!(problem.detail.starts_with("cursor: "));
        }
        assert_eq!(paging("b", Some(&cursor)).err().unwrap().code, "cursor-invalid");
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!bytes.ends_with(b"42"), "the place is not to be read in it");
        let parts = |parts: &[&'static str]| asked_of("/r", parts.iter().copied());
        assert_ne!(parts(&["ab", "c"]), parts(&["a", "bc"]));
    }
}
