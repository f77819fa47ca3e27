//! Tests that a model ranks, abstains, gives the same bytes every time, and is refused if it is damaged.

use super::*;
use crate::learning::{Example, Examples, TrainingFault, TrainingSettings, train};

fn examples() -> Examples {
    let of = |intent: &str, texts: &[&str]| -> Vec<Example> {
        let row = |text: &&str| Example {
            text: (*text).to_owned(),
            intent: intent.to_owned(),
        };
        texts.iter().map(row).collect()
    };
    let rows = [
        of(
            "fee",
            &[
                "手续费多少",
                "利息怎么算",
                "费率是多少",
                "一个月收多少利息",
                "要不要手续费",
                "年利率多少",
            ],
        ),
        of(
            "human",
            &[
                "转人工",
                "找个真人",
                "我要人工客服",
                "接人工坐席",
                "叫个人来",
                "换个人跟我说",
            ],
        ),
        of(
            "busy",
            &[
                "我在开会",
                "现在没空",
                "正在开车",
                "我很忙",
                "在上班呢",
                "手头有事",
            ],
        ),
        of(
            "bye",
            &["再见", "拜拜了", "挂了", "先这样", "不聊了", "没别的事了"],
        ),
    ];
    Examples::of(rows.into_iter().flatten(), 1)
}

fn model(threads: usize, seed: u64) -> Model {
    train(
        &examples(),
        &TrainingSettings {
            threads,
            seed,
            ..TrainingSettings::default()
        },
    )
    .expect("four intents")
}

#[test]
fn what_was_learned_is_ranked_first_and_what_sounds_alike_too() {
    let model = model(2, 1);
    for (said, wanted) in [
        ("手续费是多少啊", "fee"),
        ("帮我转人工", "human"),
        ("利西怎么算", "fee"),
    ] {
        let ranking = model.rank(said);
        assert_eq!(ranking.candidates[0].intent, wanted, "{said}: {ranking:?}");
        assert_eq!(ranking.candidates.len(), 3);
    }
    assert_eq!(model.rank("qwxz").verdict, Verdict::Abstained);
    assert_eq!(model.rank("").verdict, Verdict::Abstained);
}

#[test]
fn what_is_expected_comes_first_where_it_is_close() {
    let model = model(2, 1);
    let chance = |expected: &[&str]| {
        let ranking = model.rank_expecting("多少", expected);
        ranking
            .candidates
            .iter()
            .find(|each| each.intent == "bye")
            .map_or(0.0, |each| each.probability)
    };
    assert!(chance(&["bye"]) > chance(&[]));
}

#[test]
fn equal_data_and_seed_are_equal_bytes_whatever_the_threads() {
    assert_eq!(model(1, 1).to_bytes(), model(2, 1).to_bytes());
    assert_eq!(model(3, 1).digest(), model(2, 1).digest());
}

/// Returns word vectors with three meanings: people, money, time.
fn words() -> Arc<WordVectors> {
    let meant: [(&str, usize); 9] = [
        ("人工", 0),
        ("真人", 0),
        ("坐席", 0),
        ("话务员", 0),
        ("手续费", 1),
        ("利息", 1),
        ("佣金", 1),
        ("开会", 2),
        ("上班", 2),
    ];
    let line = |(word, place): (&str, usize)| {
        let number = |at: usize| if at == place { " 1" } else { " 0.1" };
        format!("{word}{}", (0..8).map(number).collect::<String>())
    };
    let (words, read) = WordVectors::read(meant.into_iter().map(line));
    assert_eq!((words.len(), read.faulty), (9, 0));
    Arc::new(words)
}

fn model_with_words(threads: usize) -> Model {
    let settings = TrainingSettings {
        threads,
        ..TrainingSettings::default()
    };
    train(&examples(), &settings.with_words(Some(words()))).expect("four intents")
}

#[test]
fn a_word_that_no_example_has_is_taken_for_what_it_means() {
    let (without, with) = (model(2, 1), model_with_words(2));
    for (said, wanted) in [("话务员", "human"), ("佣金", "fee")] {
        let chance = |model: &Model| {
            let ranking = model.rank(said);
            let found = ranking.candidates.iter().find(|each| each.intent == wanted);
            found.map_or(0.0, |each| each.probability)
        };
        assert_eq!(with.rank(said).candidates[0].intent, wanted, "{said}");
        assert!(chance(&with) > chance(&without), "{said}");
    }
    assert_eq!(with.words().map(|words| words.len()), Some(9));
    assert_eq!(without.words(), None);
}

#[test]
fn a_model_with_words_comes_back_with_them_and_is_the_same_bytes_whatever_the_threads() {
    let written = model_with_words(2);
    let bytes = written.to_bytes();
    assert_eq!((bytes[5], model(2, 1).to_bytes()[5]), (2, 1));
    assert_eq!(bytes, model_with_words(1).to_bytes());
    let back = Model::from_bytes(&bytes).expect("as it was written");
    assert_eq!(back.rank("找话务员"), written.rank("找话务员"));
    assert_eq!(back, written);
    for place in [5, 40, bytes.len() - 40] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 3;
        assert!(Model::from_bytes(&damaged).is_err(), "byte {place}");
    }
}

#[test]
fn a_model_comes_back_as_it_was_and_a_damaged_one_is_refused() {
    let written = model(2, 1);
    let bytes = written.to_bytes();
    assert_eq!(Model::from_bytes(&bytes), Ok(written));
    let mut other_version = bytes.clone();
    other_version[5] = 9;
    assert_eq!(
        Model::from_bytes(&other_version),
        Err(ModelFault::OtherVersion { found: 9, wanted: 2 })
    );
    for place in [6, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(
            matches!(Model::from_bytes(&damaged), Err(ModelFault::Damaged { .. })),
            "byte {place}"
        );
    }
    for length in [0, 5, 6, 20, bytes.len() - 1] {
        assert!(Model::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(
        Model::from_bytes(b"PK\x03\x04 something else"),
        Err(ModelFault::NotAModel)
    );
}

#[test]
fn one_intent_or_no_rows_cannot_be_learned() {
    let one = Examples::of(
        [Example {
            text: "好".into(),
            intent: "yes".into(),
        }]
        .into_iter(),
        1,
    );
    let learned = train(&one, &TrainingSettings::default());
    assert_eq!(
        learned.err(),
        Some(TrainingFault::OneIntent { intent: "yes".into() })
    );
    let none = train(&Examples::default(), &TrainingSettings::default());
    assert_eq!(none.err(), Some(TrainingFault::NoRows));
}
