//! The route that explains problem codes. The `type` of every problem refers to it.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::problem_body::problem_type;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// Every code with its meaning in English and Chinese. Tidy check 21 compares it with the codes in the
/// sources.
const WORDS: &str = include_str!("../problems.tsv");

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/problems/{code}",
            "Get the meaning of a problem code",
            show,
        )
        .describe(
            "Returns what a problem means and what to do about it, in English and Chinese. The `type` of a \
             problem is this URL.",
        )
        .open(),
    ]
}

/// The meaning of a problem code.
#[derive(Debug, Serialize, JsonSchema)]
struct ProblemMeaning {
    /// The `type` of problems with this code.
    #[serde(rename = "type")]
    #[schemars(example = &"/api/v1/problems/missing")]
    kind: String,
    #[schemars(example = &"missing")]
    code: &'static str,
    #[schemars(example = &"Not found, or outside your data scope.")]
    en: &'static str,
    #[schemars(example = &"不存在，或不在您的数据范围内。")]
    zh: &'static str,
}

async fn show(_: Ctx, input: Input) -> Result<ReadReply<ProblemMeaning>, Problem> {
    let asked = input.param(0)?;
    let meaning = meanings().find(|meaning| meaning.code == asked);
    meaning
        .map(ReadReply)
        .ok_or_else(|| Problem::missing("this problem"))
}

fn meanings() -> impl Iterator<Item = ProblemMeaning> {
    WORDS.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let (code, en, zh) = (cells.next()?, cells.next()?, cells.next()?);
        Some(ProblemMeaning {
            kind: problem_type(code),
            code,
            en,
            zh,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_code_and_two_texts_and_they_stand_in_order() {
        let codes: Vec<_> = meanings().map(|meaning| meaning.code).collect();
        assert_eq!(codes.len(), WORDS.lines().count());
        assert!(codes.is_sorted_by(|one, two| one < two), "each once");
        assert!(meanings().all(|meaning| !meaning.en.is_empty() && !meaning.zh.is_ascii()));
    }
}
