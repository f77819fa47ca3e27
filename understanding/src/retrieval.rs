//! Finds the known wordings nearest to a text: BM25 over pairs of characters, their sounds, words and
//! concepts, as a share of the scores of both texts against themselves.
//!
//! Equal texts have equal scores on every machine; a text that equals a wording scores 1.

use crate::features::{SharedFeature, shared_pieces};
use crate::text::normalize_text;
use std::collections::BTreeMap;

/// BM25's K1: how soon further repetitions of a feature add nothing (Robertson and Zaragoza 2009, usual
/// value).
const K1: f32 = 1.2;
/// BM25's B: how much length counts. Wordings are short, and their length says little.
const B: f32 = 0.3;
/// Weight of a feature that no wording has, relative to the rarest that one has: it is often part of how
/// people begin a sentence.
const UNKNOWN_SHARE: f32 = 0.35;

/// Phrases that people say around a question and that a search ignores, longest first.
const AROUND: [&str; 36] = [
    "我想问一下",
    "我想了解一下",
    "我想知道",
    "我就想问",
    "麻烦问一下",
    "请问一下",
    "能不能告诉我",
    "你先告诉我",
    "先说说",
    "我问你",
    "我想问",
    "想问下",
    "问一下",
    "请问",
    "你好",
    "您好",
    "那个",
    "就是",
    "你们",
    "我们",
    "这个",
    "到底",
    "究竟",
    "的话",
    "那么",
    "呢",
    "啊",
    "呀",
    "吧",
    "嘛",
    "哦",
    "哎",
    "can you tell me",
    "i want to know",
    "could you tell me",
    "please",
];

/// An entry that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetrievalHit {
    /// The entry's index among the given entries.
    pub entry: usize,
    /// The entry's score, from 0 to 1.
    pub score: f32,
}

/// A search index over the wordings of entries.
#[derive(Debug, Clone, Default)]
pub struct Retrieval {
    wordings: Vec<Wording>,
    /// By piece: the wordings that have it, and how often.
    having: BTreeMap<u64, Vec<(usize, f32)>>,
    exact: BTreeMap<String, usize>,
    /// Mean of the wordings' lengths, in pieces.
    mean_length: f32,
}

#[derive(Debug, Clone)]
struct Wording {
    entry: usize,
    length: f32,
    /// The wording's score against itself.
    own: f32,
}

impl Retrieval {
    /// Builds the index over entries; each is the list of its wordings. Results name an entry by its place
    /// in this list.
    pub fn of(entries: &[Vec<String>]) -> Self {
        let mut all = Self::default();
        let mut texts = Vec::new();
        for (entry, wordings) in entries.iter().enumerate() {
            for text in wordings {
                all.exact.entry(normalize_text(text)).or_insert(entry);
                let pieces = pieces_of(text);
                let place = all.wordings.len();
                for piece in &pieces {
                    let having = all.having.entry(piece.hash).or_default();
                    having.push((place, piece.times));
                }
                let length = length(&pieces);
                all.wordings.push(Wording {
                    entry,
                    length,
                    own: 0.0,
                });
                texts.push(pieces);
            }
        }
        let lengths: f32 = all.wordings.iter().map(|one| one.length).sum();
        all.mean_length = (lengths / count(all.wordings.len().max(1))).max(1.0);
        for (place, pieces) in texts.iter().enumerate() {
            let own = all.own(pieces);
            if let Some(wording) = all.wordings.get_mut(place) {
                wording.own = own;
            }
        }
        all
    }

    /// Returns at most `most` entries nearest to a text, best first, each once with its score (0 to 1).
    /// Entries that are not `allowed` are left out.
    pub fn search(&self, text: &str, allowed: &dyn Fn(usize) -> bool, most: usize) -> Vec<RetrievalHit> {
        let mut best: BTreeMap<usize, f32> = BTreeMap::new();
        if let Some(entry) = self
            .exact
            .get(&normalize_text(text))
            .filter(|entry| allowed(**entry))
        {
            best.insert(*entry, 1.0);
        }
        let pieces = pieces_of(text);
        let own = self.own(&pieces);
        for (place, score) in self.scores(&pieces) {
            let Some(wording) = self.wordings.get(place).filter(|one| allowed(one.entry)) else {
                continue;
            };
            let both = (own * wording.own).sqrt();
            if both > 0.0 {
                let share = (score / both).min(1.0);
                let known = best.entry(wording.entry).or_default();
                *known = known.max(share);
            }
        }
        let mut hits: Vec<RetrievalHit> = best
            .into_iter()
            .map(|(entry, score)| RetrievalHit { entry, score })
            .collect();
        hits.sort_by(|one, other| {
            other
                .score
                .total_cmp(&one.score)
                .then(one.entry.cmp(&other.entry))
        });
        hits.truncate(most);
        hits
    }

    /// Returns the BM25 score of each wording that shares a feature with the text.
    fn scores(&self, pieces: &[SharedFeature]) -> BTreeMap<usize, f32> {
        let mut scores = BTreeMap::new();
        for piece in pieces {
            let Some(having) = self.having.get(&piece.hash) else {
                continue;
            };
            let rarity = self.rarity(having.len()) * piece.weight;
            for (place, times) in having {
                let length = self.wordings.get(*place).map_or(1.0, |one| one.length);
                *scores.entry(*place).or_default() += rarity * saturated(*times, length / self.mean_length);
            }
        }
        scores
    }

    /// Returns the BM25 score of a text against itself, which scales its scores.
    fn own(&self, pieces: &[SharedFeature]) -> f32 {
        let relative = length(pieces) / self.mean_length;
        let each = pieces.iter().map(|piece| {
            let rarity = match self.having.get(&piece.hash) {
                Some(having) => self.rarity(having.len()),
                None => self.rarity(1) * UNKNOWN_SHARE,
            };
            rarity * piece.weight * saturated(piece.times, relative)
        });
        each.sum()
    }

    /// Returns the inverse document frequency (BM25) of a feature that `having` wordings have; never
    /// negative in this form.
    fn rarity(&self, having: usize) -> f32 {
        let (all, having) = (count(self.wordings.len()), count(having));
        (1.0 + (all - having + 0.5).max(0.5) / (having + 0.5)).ln()
    }
}

fn saturated(times: f32, relative_length: f32) -> f32 {
    times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * relative_length))
}

fn length(pieces: &[SharedFeature]) -> f32 {
    pieces.iter().map(|piece| piece.times).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of wordings, far below 2^24")]
const fn count(value: usize) -> f32 {
    value as f32
}

/// Returns the features of a question without the phrases around it; of the whole text if nothing else is
/// left.
fn pieces_of(text: &str) -> Vec<SharedFeature> {
    let whole = normalize_text(text);
    let mut bare = whole.clone();
    for around in AROUND {
        bare = bare.replace(around, "");
    }
    let said = if bare.trim().is_empty() { &whole } else { &bare };
    shared_pieces(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Retrieval {
        let entries = [
            vec!["手续费怎么收", "要多少手续费", "收费吗"],
            vec!["可以提前还款吗", "提前还清要违约金吗"],
            vec!["多少钱可以分期", "分期有起点金额吗"],
            vec!["how much is the fee", "what does it cost"],
        ];
        Retrieval::of(&entries.map(|all| all.into_iter().map(str::to_owned).collect()))
    }

    fn first(text: &str) -> Option<(usize, f32)> {
        let hits = base().search(text, &|_| true, 3);
        hits.first().map(|hit| (hit.entry, hit.score))
    }

    #[test]
    fn an_exact_wording_scores_one_and_what_is_near_less() {
        assert_eq!(first("手续费怎么收？"), Some((0, 1.0)));
        for (text, entry) in [
            ("请问手续费是怎么收的呢", 0),
            ("首续费怎么收", 0),
            ("我能不能提前还清", 1),
            ("最低多少钱能分期啊", 2),
            ("please, what's the fee", 3),
        ] {
            let (found, score) = first(text).unwrap();
            assert_eq!(found, entry, "{text}");
            assert!((0.2..1.0).contains(&score), "{text}: {score}");
        }
    }

    #[test]
    fn what_has_nothing_in_common_is_not_found_and_what_is_not_allowed_does_not_exist() {
        assert_eq!(first("今天天气真好"), None);
        let hits = base().search("手续费怎么收", &|entry| entry != 0, 3);
        assert!(hits.iter().all(|hit| hit.entry != 0), "{hits:?}");
        assert!(Retrieval::of(&[]).search("手续费", &|_| true, 3).is_empty());
        assert!(base().search("", &|_| true, 3).is_empty());
    }

    #[test]
    fn scores_are_between_none_and_one_and_in_order() {
        let hits = base().search("分期要多少手续费", &|_| true, 9);
        assert!(hits.len() > 1);
        assert!(hits.windows(2).all(|two| two[0].score >= two[1].score));
        assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)));
    }
}
