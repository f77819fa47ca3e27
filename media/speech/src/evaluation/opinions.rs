//! Computes listeners' judgement of voices: mean opinion scores (ITU-T P.800, 1 to 5) with their intervals.

use super::line::as_f64;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The mean opinion score that requirement AI-2 sets as the target of a voice.
pub const OPINION_TARGET: f64 = 4.0;
/// Most scores of one file; a file with more is refused. A page of samples has far fewer.
const SCORES_MAX: usize = 10_000;
/// Two-sided 95 % quantiles of Student's distribution for 1 to 30 degrees of freedom; beyond that, the normal
/// distribution's is used.
const QUANTILES: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// One file of scores that a listener saved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinions {
    /// The name of the listening test: files of two tests cannot be combined.
    pub test: String,
    /// The name that the listener entered.
    pub listener: String,
    pub scores: Vec<Opinion>,
}

/// The score of one sample.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    pub sample: String,
    pub voice: String,
    pub score: u8,
}

/// The reason why scores are not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpinionsFault {
    #[error("this is not a file of a listening test: {0}")]
    Unreadable(String),
    #[error("it holds more than {SCORES_MAX} scores")]
    TooMany,
    #[error("{sample} has the score {score}; scores are 1 to 5")]
    Score { sample: String, score: u8 },
    #[error("{0} is scored twice")]
    Twice(String),
    #[error("it belongs to the test {found}, the other files to {wanted}")]
    OtherTest { found: String, wanted: String },
    #[error("{0} has sent a file already")]
    SameListener(String),
}

impl Opinions {
    /// Parses the scores from JSON. Fails for invalid JSON, more than `SCORES_MAX` scores, a score outside
    /// 1 to 5, and a second score of one sample.
    pub fn read(text: &str) -> Result<Self, OpinionsFault> {
        let opinions: Self =
            serde_json::from_str(text).map_err(|error| OpinionsFault::Unreadable(error.to_string()))?;
        if opinions.scores.len() > SCORES_MAX {
            return Err(OpinionsFault::TooMany);
        }
        let mut seen = BTreeSet::new();
        for one in &opinions.scores {
            if !(1..=5).contains(&one.score) {
                return Err(OpinionsFault::Score {
                    sample: one.sample.clone(),
                    score: one.score,
                });
            }
            if !seen.insert(&one.sample) {
                return Err(OpinionsFault::Twice(one.sample.clone()));
            }
        }
        Ok(opinions)
    }
}

/// The mean opinion score of one voice over all listeners.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoiceOpinion {
    pub voice: String,
    pub listeners: usize,
    pub scores: usize,
    pub mean: f64,
    /// The 95 % interval of the mean; absent for a single score.
    pub interval: Option<[f64; 2]>,
    /// True if the mean is 4.0 or more.
    pub mean_reaches_target: bool,
    /// True if the whole interval is 4.0 or more: this is the figure that may be claimed.
    pub reaches_target: bool,
}

/// Combines the listeners' files of one test to one result per voice. Fails if the files are of different
/// tests or two have the same listener.
pub fn mean_opinions(files: &[Opinions]) -> Result<Vec<VoiceOpinion>, OpinionsFault> {
    let mut by_voice: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    let mut listeners = BTreeSet::new();
    for file in files {
        if let Some(first) = files.first().filter(|first| first.test != file.test) {
            return Err(OpinionsFault::OtherTest {
                found: file.test.clone(),
                wanted: first.test.clone(),
            });
        }
        if !listeners.insert(&file.listener) {
            return Err(OpinionsFault::SameListener(file.listener.clone()));
        }
        for one in &file.scores {
            let scores = by_voice.entry(&one.voice).or_default();
            scores.push((&file.listener, f64::from(one.score)));
        }
    }
    Ok(by_voice
        .into_iter()
        .map(|(voice, scores)| of_voice(voice, &scores))
        .collect())
}

fn of_voice(voice: &str, scores: &[(&str, f64)]) -> VoiceOpinion {
    let count = as_f64(scores.len());
    let mean = scores.iter().map(|one| one.1).sum::<f64>() / count.max(1.0);
    let squares: f64 = scores.iter().map(|one| (one.1 - mean).powi(2)).sum();
    let interval = (scores.len() > 1).then(|| {
        let deviation = (squares / (count - 1.0)).sqrt();
        let quantile = QUANTILES.get(scores.len() - 2).copied().unwrap_or(1.96);
        let half = quantile * deviation / count.sqrt();
        [mean - half, mean + half].map(|value| rounded(value.clamp(1.0, 5.0)))
    });
    let listeners: BTreeSet<&str> = scores.iter().map(|one| one.0).collect();
    VoiceOpinion {
        voice: voice.to_owned(),
        listeners: listeners.len(),
        scores: scores.len(),
        mean: rounded(mean),
        mean_reaches_target: mean >= OPINION_TARGET,
        reaches_target: interval.is_some_and(|[low, _]| low >= OPINION_TARGET),
        interval,
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(listener: &str, scores: &[(&str, &str, u8)]) -> Opinions {
        let score = |(sample, voice, score): &(&str, &str, u8)| Opinion {
            sample: (*sample).to_owned(),
            voice: (*voice).to_owned(),
            score: *score,
        };
        Opinions {
            test: "t1".to_owned(),
            listener: listener.to_owned(),
            scores: scores.iter().map(score).collect(),
        }
    }

    #[test]
    fn a_voice_has_a_mean_with_its_interval_and_only_the_whole_interval_is_claimed() {
        let files = [
            file(
                "a",
                &[
                    ("s1", "demo", 2),
                    ("s2", "demo", 3),
                    ("s3", "hired", 5),
                    ("s4", "hired", 4),
                ],
            ),
            file(
                "b",
                &[
                    ("s1", "demo", 3),
                    ("s2", "demo", 2),
                    ("s3", "hired", 5),
                    ("s4", "hired", 4),
                ],
            ),
        ];
        let found = mean_opinions(&files).unwrap();
        let [demo, hired] = found.as_slice() else {
            panic!("two voices")
        };
        assert_eq!((demo.mean, demo.scores, demo.listeners), (2.5, 4, 2));
        // 2.5 ± 3.182 · 0.577 / 2
        assert_eq!(demo.interval, Some([1.58, 3.42]));
        assert!(hired.mean_reaches_target && !hired.reaches_target, "{hired:?}");
        let sure = [file("a", &[("s1", "best", 5), ("s2", "best", 5)])];
        assert!(mean_opinions(&sure).unwrap()[0].reaches_target);
        let single = [file("a", &[("s1", "best", 5)])];
        assert_eq!(mean_opinions(&single).unwrap()[0].interval, None);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let one = file("a", &[("s1", "demo", 2)]);
        let again = mean_opinions(&[one.clone(), one.clone()]);
        assert_eq!(again, Err(OpinionsFault::SameListener("a".to_owned())));
        let other = Opinions {
            test: "t2".to_owned(),
            ..file("b", &[])
        };
        assert!(matches!(
            mean_opinions(&[one, other]),
            Err(OpinionsFault::OtherTest { .. })
        ));
        let read =
            |scores: &str| Opinions::read(&format!(r#"{{"test":"t","listener":"a","scores":[{scores}]}}"#));
        let sample = |score: u8| format!(r#"{{"sample":"s1","voice":"v","score":{score}}}"#);
        assert!(read(&sample(5)).is_ok());
        assert!(matches!(
            read(&sample(6)),
            Err(OpinionsFault::Score { score: 6, .. })
        ));
        assert!(matches!(
            read(&sample(0)),
            Err(OpinionsFault::Score { score: 0, .. })
        ));
        let twice = format!("{},{}", sample(4), sample(4));
        assert_eq!(read(&twice), Err(OpinionsFault::Twice("s1".to_owned())));
        assert!(matches!(Opinions::read("[]"), Err(OpinionsFault::Unreadable(_))));
    }
}
