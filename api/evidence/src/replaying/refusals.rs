//! Why people refuse: the reasons that were understood in the calls of a campaign, each with its share.
//!
//! Read from what was understood and decided, never from words: nothing of a person is opened for it.

use super::coverage::events_of;
use application::calls::stream_of;
use application::installation::Installation;
use domain::call::UnderstoodFact;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::spoken_turn::Certainty;
use projections::views::call_history::{self, CALLS_MAX, CallFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most calls of one answer: their streams are read one by one, in some seconds.
pub const MINED_CALLS_MAX: u64 = 20_000;

/// Intents by which somebody says why not, with the words of a page. What stands further up says more.
const REASONS: [(&str, &str, &str); 10] = [
    ("too_expensive", "费用、利率太高", "too expensive"),
    ("no_money_need", "不需要资金", "no need of money"),
    ("not_interested", "没有兴趣", "not interested"),
    ("already_done", "已经办理", "already done"),
    ("consider", "再考虑", "wants to think about it"),
    ("is_fraud", "担心诈骗", "fears a fraud"),
    ("complaint", "不满、投诉", "complains"),
    ("wrong_number", "非本人", "another person"),
    ("busy", "正忙", "busy"),
    ("refuse_call", "拒绝来电", "wants no further call"),
];

/// A refusal without a reason.
const DENY: &str = "deny";
const UNSAID: (&str, &str) = ("未说明原因", "no reason told");

/// Why people refused, over the calls of a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusalsShown {
    pub campaign: CampaignId,
    /// Calls of the campaign that were read.
    pub calls: u64,
    /// Of these, calls in which something was understood.
    pub talked: u64,
    /// Of these, calls that were refused in words and did not succeed.
    pub refused: u64,
    /// There are more calls than were read; the newest were.
    pub truncated: bool,
    /// The most frequent first.
    pub reasons: Vec<ReasonShown>,
}

/// One reason.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusalReason")]
pub struct ReasonShown {
    #[schemars(example = &"too_expensive")]
    pub intent: String,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    /// Refused calls whose reason it is: of several that were named, the one that says most.
    pub calls: u64,
    /// Their share of all refused calls.
    pub share_permille: u64,
    /// Refused calls in which it was named at all.
    pub named: u64,
}

/// Reads the calls of a campaign, the newest first.
pub async fn refusals(installation: &Installation, campaign: &CampaignId) -> Result<RefusalsShown, Problem> {
    let filter = CallFilter {
        campaign: Some(campaign.clone()),
        ..CallFilter::default()
    };
    let (mut counts, mut below) = (Counts::default(), None);
    loop {
        let db = installation.rows.db();
        let rows = call_history::list(db.as_ref(), &filter, below, CALLS_MAX).await?;
        for row in &rows {
            if counts.calls >= MINED_CALLS_MAX {
                return Ok(counts.shown(campaign, true));
            }
            let stored = stream_of(installation.store(), row.call).await?;
            counts.take(&events_of(&stored)?);
        }
        match rows.last() {
            Some(last) if rows.len() >= CALLS_MAX => below = Some(last.first_position),
            _ => return Ok(counts.shown(campaign, false)),
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    calls: u64,
    talked: u64,
    refused: u64,
    /// By intent: calls whose reason it is, and calls in which it was named.
    reasons: BTreeMap<&'static str, (u64, u64)>,
}

impl Counts {
    fn take(&mut self, events: &[CallEvent]) {
        self.calls += 1;
        let understood: Vec<&UnderstoodFact> = events
            .iter()
            .filter_map(|event| match event {
                CallEvent::Understood(fact) => Some(fact),
                _ => None,
            })
            .collect();
        self.talked += u64::from(!understood.is_empty());
        let succeeded = events.iter().any(|event| {
            matches!(
                event,
                CallEvent::Ended {
                    outcome: Some(Outcome::Success),
                    ..
                }
            )
        });
        let named: BTreeSet<&'static str> = understood.into_iter().filter_map(reason_of).collect();
        if named.is_empty() || succeeded {
            return;
        }
        self.refused += 1;
        for reason in &named {
            self.reasons.entry(reason).or_default().1 += 1;
        }
        let says_most = REASONS.iter().map(|(intent, _, _)| *intent);
        let says_most = says_most.chain([DENY]).find(|intent| named.contains(intent));
        if let Some(reason) = says_most {
            self.reasons.entry(reason).or_default().0 += 1;
        }
    }

    fn shown(self, campaign: &CampaignId, truncated: bool) -> RefusalsShown {
        let label = |intent: &str| {
            let found = REASONS.iter().find(|(of, _, _)| *of == intent);
            found.map_or(UNSAID, |(_, zh, en)| (*zh, *en))
        };
        let refused = self.refused;
        let shown = |(intent, (calls, named)): (&'static str, (u64, u64))| ReasonShown {
            intent: intent.to_owned(),
            label_zh: label(intent).0,
            label_en: label(intent).1,
            calls,
            share_permille: (calls * 1_000).checked_div(refused).unwrap_or_default(),
            named,
        };
        let mut reasons: Vec<ReasonShown> = self.reasons.into_iter().map(shown).collect();
        reasons.sort_by(|one, other| {
            let more = other.calls.cmp(&one.calls).then(other.named.cmp(&one.named));
            more.then(one.intent.cmp(&other.intent))
        });
        RefusalsShown {
            campaign: campaign.clone(),
            calls: self.calls,
            talked: self.talked,
            refused,
            truncated,
            reasons,
        }
    }
}

/// The reason that an utterance was taken for; one that was only asked back is none yet.
fn reason_of(fact: &UnderstoodFact) -> Option<&'static str> {
    if fact.opt_out {
        return Some("refuse_call");
    }
    let intent = fact.intent.as_deref();
    let intent = intent.filter(|_| fact.reading.certainty == Certainty::Accepted)?;
    let reasons = REASONS.iter().map(|(reason, _, _)| *reason);
    reasons.chain([DENY]).find(|reason| *reason == intent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::spoken_turn::{ReadBy, SpokenReading};

    fn said(intent: &str, certainty: Certainty) -> CallEvent {
        CallEvent::Understood(UnderstoodFact {
            node: "报价".to_owned(),
            intent: Some(intent.to_owned()),
            reading: SpokenReading {
                certainty,
                read_by: ReadBy::Model,
                candidates: Vec::new(),
                accept_permille: None,
                confirm_permille: None,
                knowledge: None,
                picked: None,
            },
            slots: BTreeMap::new(),
            interest: None,
            opt_out: false,
            model: None,
            emotion: None,
        })
    }

    #[test]
    fn a_refused_call_counts_once_by_the_reason_that_says_most() {
        let sure = Certainty::Accepted;
        let mut counts = Counts::default();
        counts.take(&[said("deny", sure), said("too_expensive", sure)]);
        counts.take(&[said("too_expensive", sure), said("refuse_call", sure)]);
        counts.take(&[said("deny", sure)]);
        counts.take(&[said("too_expensive", Certainty::ToConfirm)]);
        counts.take(&[said("ask_fee", sure)]);
        counts.take(&[]);
        let shown = counts.shown(&"A".parse().unwrap(), false);
        assert_eq!((shown.calls, shown.talked, shown.refused), (6, 5, 3));
        let told: Vec<_> = shown
            .reasons
            .iter()
            .map(|one| (one.intent.as_str(), one.calls, one.share_permille, one.named))
            .collect();
        let expected = [
            ("too_expensive", 2, 666, 2),
            ("deny", 1, 333, 2),
            ("refuse_call", 0, 0, 1),
        ];
        assert_eq!(told, expected);
        assert_eq!(shown.reasons[1].label_zh, "未说明原因");
    }
}
