//! Usage of agents and engines in calls, and its cost by the given tariffs (DEP-8).

use super::baseline::Baseline;
use projections::views::cost_board::ResourceUsage;
use schemars::JsonSchema;
use serde::Serialize;

/// One minute in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// Agents and engines. Amounts in fen are null without a tariff.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WorkCostsResponse {
    agents: AgentCostsResponse,
    recognition: RecognitionCostsResponse,
    synthesis: SynthesisCostsResponse,
    assistant: AssistantCostsResponse,
}

/// From the time an agent takes a call to its end. After-call work is not recorded yet.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentCostsResponse {
    calls: u64,
    talk_ms: u64,
    cost_fen: Option<u64>,
}

/// Utterances that were heard to their end.
#[derive(Debug, Serialize, JsonSchema)]
struct RecognitionCostsResponse {
    utterances: u64,
    speech_ms: u64,
    cost_fen: Option<u64>,
}

/// Texts that were synthesized completely.
#[derive(Debug, Serialize, JsonSchema)]
struct SynthesisCostsResponse {
    texts: u64,
    characters: u64,
    cost_fen: Option<u64>,
}

/// Questions to an assistant, and the tokens that it reported.
#[derive(Debug, Serialize, JsonSchema)]
struct AssistantCostsResponse {
    requests: u64,
    tokens: u64,
    cost_fen: Option<u64>,
}

impl WorkCostsResponse {
    pub(super) fn of(used: &ResourceUsage, tariffs: Option<&Baseline>) -> Self {
        let fen = |amount: u64, tariff: fn(&Baseline) -> Option<u64>, per: u64| {
            Some(fen_of(amount, tariffs.and_then(tariff)?, per))
        };
        let requests = fen(
            used.questions,
            |rates| rates.assistant_thousand_requests_fen,
            1_000,
        );
        let tokens = fen(used.tokens, |rates| rates.assistant_million_tokens_fen, 1_000_000);
        Self {
            agents: AgentCostsResponse {
                calls: used.agent_calls,
                talk_ms: used.agent_ms,
                cost_fen: fen(used.agent_ms, |rates| rates.agent_minute_fen, MINUTE_MS),
            },
            recognition: RecognitionCostsResponse {
                utterances: used.utterances,
                speech_ms: used.utterance_ms,
                cost_fen: fen(used.utterance_ms, |rates| rates.recognition_hour_fen, HOUR_MS),
            },
            synthesis: SynthesisCostsResponse {
                texts: used.texts,
                characters: used.text_chars,
                cost_fen: fen(
                    used.text_chars,
                    |rates| rates.synthesis_ten_thousand_chars_fen,
                    10_000,
                ),
            },
            assistant: AssistantCostsResponse {
                requests: used.questions,
                tokens: used.tokens,
                cost_fen: sum_of([requests, tokens]),
            },
        }
    }

    /// Returns the sum of the line costs and these costs in fen, as far as there are tariffs; `None` if
    /// there are none.
    pub(super) fn with_lines(&self, lines_fen: Option<u64>) -> Option<u64> {
        sum_of([
            lines_fen,
            self.agents.cost_fen,
            self.recognition.cost_fen,
            self.synthesis.cost_fen,
            self.assistant.cost_fen,
        ])
    }
}

/// Returns the sum of the parts that are known; `None` if none is.
fn sum_of<const N: usize>(parts: [Option<u64>; N]) -> Option<u64> {
    parts.into_iter().flatten().reduce(u64::saturating_add)
}

/// Returns what `amount` costs at `tariff` fen per `per` units, in whole fen, rounded half up.
fn fen_of(amount: u64, tariff: u64, per: u64) -> u64 {
    let fen = u128::from(amount) * u128::from(tariff);
    let rounded = (fen + u128::from(per / 2)) / u128::from(per.max(1));
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: ResourceUsage = ResourceUsage {
        agent_calls: 2,
        agent_ms: 90_000,
        utterances: 3,
        utterance_ms: 1_800_000,
        texts: 5,
        text_chars: 25_000,
        questions: 4,
        tokens: 500_000,
    };

    #[test]
    fn each_part_is_priced_by_its_own_tariff_and_the_sum_is_of_those_that_are() {
        let tariffs = Baseline {
            agent_minute_fen: Some(67),
            recognition_hour_fen: Some(121),
            synthesis_ten_thousand_chars_fen: Some(10),
            assistant_million_tokens_fen: Some(100),
            ..Baseline::default()
        };
        let shown = WorkCostsResponse::of(&USED, Some(&tariffs));
        // 100.5, 60.5 and 25 fen, rounded half up; requests are not priced.
        assert_eq!(shown.agents.cost_fen, Some(101));
        assert_eq!(shown.recognition.cost_fen, Some(61));
        assert_eq!(shown.synthesis.cost_fen, Some(25));
        assert_eq!(shown.assistant.cost_fen, Some(50));
        assert_eq!(shown.with_lines(Some(3)), Some(240));
        assert_eq!(shown.with_lines(None), Some(237));
    }

    #[test]
    fn work_without_a_tariff_has_no_known_cost() {
        for tariffs in [None, Some(&Baseline::default())] {
            let shown = WorkCostsResponse::of(&USED, tariffs);
            assert_eq!(shown.with_lines(None), None);
            assert_eq!(shown.with_lines(Some(7)), Some(7));
            assert_eq!(shown.agents.talk_ms, 90_000);
        }
    }
}
