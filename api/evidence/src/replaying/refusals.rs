//! Why people refuse: the reasons understood in the calls of a campaign, each with its share.
//!
//! It reads what was understood and decided, never words, so no personal field is opened.

use super::coverage::events_of;
use application::calls::stream_of;
use application::installation::Installation;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::call::UnderstandingFact;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::spoken_turn::Certainty;
use projections::views::call_history::{self, CALLS_MAX, CallFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most calls of one answer, the newest: their streams are read one by one, which takes some seconds.
pub const MINED_CALLS_MAX: u64 = 20_000;

/// Intents that give a reason for a refusal, with their labels. If a call has several, the first in this
/// list is its main reason.
const REASONS: [Reason; 10] = [
    Reason {
        intent: "too_expensive",
        zh: "费用、利率太高",
        en: "too expensive",
        change_zh: "先说优惠与可减免的费用，再报总价；准备一句与同类的比较",
        change_en: "name rebates before the total, and keep one comparison at hand",
    },
    Reason {
        intent: "no_money_need",
        zh: "不需要资金",
        en: "does not need money",
        change_zh: "开场先问用途与时间，没有需求就礼貌结束并约定下次",
        change_en: "ask for the need first; without one, end politely and agree on a later time",
    },
    Reason {
        intent: "not_interested",
        zh: "没有兴趣",
        en: "not interested",
        change_zh: "把与客户本人有关的一点提到开场第一句",
        change_en: "open with the one point that is about this person",
    },
    Reason {
        intent: "already_done",
        zh: "已经办理",
        en: "already done",
        change_zh: "拨打前按最新名单剔除已办客户",
        change_en: "take those who have it off the list before dialing",
    },
    Reason {
        intent: "consider",
        zh: "再考虑",
        en: "wants to think about it",
        change_zh: "给出期限与一条可发送的资料，约定回访时间",
        change_en: "name the deadline, send one page, agree on when to call back",
    },
    Reason {
        intent: "is_fraud",
        zh: "担心诈骗",
        en: "fears a fraud",
        change_zh: "开场报公司全称与可核实的官方渠道",
        change_en: "say the full name and an official way to check it in the opening",
    },
    Reason {
        intent: "complaint",
        zh: "不满、投诉",
        en: "complains",
        change_zh: "先致歉并转人工，不再推介",
        change_en: "apologise, hand over, and offer nothing more",
    },
    Reason {
        intent: "wrong_number",
        zh: "非本人",
        en: "another person",
        change_zh: "核对名单中的号码；确认非本人立即结束",
        change_en: "check the list's numbers; end at once if it is somebody else",
    },
    Reason {
        intent: "busy",
        zh: "正忙",
        en: "busy",
        change_zh: "缩短开场，先问何时方便",
        change_en: "shorten the opening, and ask for a better time first",
    },
    Reason {
        intent: "refuse_call",
        zh: "拒绝来电",
        en: "wants no further call",
        change_zh: "减少频次，检查同意来源；按规定不再致电",
        change_en: "call less often, check the source of consent; nobody who refuses is called again",
    },
];

/// The intent of a refusal without a reason.
const DENY: &str = "deny";
const UNSAID: Reason = Reason {
    intent: DENY,
    zh: "未说明原因",
    en: "no reason given",
    change_zh: "在拒绝后补一句原因追问，一次为限",
    change_en: "ask why once after a no",
};

/// An intent that gives a reason for a refusal, with its label and what to change in the wording.
struct Reason {
    intent: &'static str,
    zh: &'static str,
    en: &'static str,
    change_zh: &'static str,
    change_en: &'static str,
}

fn reason(intent: &str) -> &'static Reason {
    REASONS.iter().find(|one| one.intent == intent).unwrap_or(&UNSAID)
}

/// Reasons for refusals in the calls of a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusalsResponse {
    pub campaign: CampaignId,
    /// Calls of the campaign that were read.
    pub calls: u64,
    /// Of these, calls in which something was understood.
    pub talked: u64,
    /// Of these, calls that were refused in words and did not succeed.
    pub refused: u64,
    /// True if there are more calls than were read. The newest were read.
    pub truncated: bool,
    /// The most frequent first.
    pub reasons: Vec<RefusalReasonResponse>,
    /// By the day in Beijing on which the calls were permitted. Days without a refusal are omitted.
    pub days: Vec<RefusalDay>,
}

/// The refused calls of one day.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusalDay {
    #[schemars(example = &"2026-11-20")]
    pub day: String,
    pub talked: u64,
    pub refused: u64,
    /// By reason.
    #[schemars(example = BTreeMap::from([("too_expensive", 3)]))]
    pub reasons: BTreeMap<&'static str, u64>,
}

/// One reason.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusalReason")]
pub struct RefusalReasonResponse {
    #[schemars(example = &"too_expensive")]
    pub intent: String,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    /// Refused calls with this as their main reason: of several named, the one that says most.
    pub calls: u64,
    /// Share of all refused calls.
    pub share_permille: u64,
    /// Refused calls in which this reason was named at all.
    pub named: u64,
    /// What to change in the wording.
    #[schemars(example = &"把与客户本人有关的一点提到开场第一句")]
    pub change_zh: &'static str,
    #[schemars(example = &"open with the one point that is about this person")]
    pub change_en: &'static str,
}

/// Returns the reasons for refusals in the calls of a campaign, at most `MINED_CALLS_MAX`, the newest. No
/// words are read.
pub async fn refusals(
    installation: &Installation,
    campaign: &CampaignId,
) -> Result<RefusalsResponse, Problem> {
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
            counts.take(beijing_date(row.permitted_at), &events_of(&stored)?);
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
    /// By intent: calls with this main reason, and calls in which it was named.
    reasons: BTreeMap<&'static str, (u64, u64)>,
    days: BTreeMap<NaiveDate, RefusalDay>,
}

impl Counts {
    fn take(&mut self, day: NaiveDate, events: &[CallEvent]) {
        self.calls += 1;
        let understood: Vec<&UnderstandingFact> = events
            .iter()
            .filter_map(|event| match event {
                CallEvent::Understood(fact) => Some(fact),
                _ => None,
            })
            .collect();
        if understood.is_empty() {
            return;
        }
        self.talked += 1;
        let of_day = self.days.entry(day).or_insert_with(|| RefusalDay {
            day: day.to_string(),
            talked: 0,
            refused: 0,
            reasons: BTreeMap::new(),
        });
        of_day.talked += 1;
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
        of_day.refused += 1;
        for reason in &named {
            self.reasons.entry(reason).or_default().1 += 1;
        }
        let says_most = REASONS.iter().map(|one| one.intent);
        let says_most = says_most.chain([DENY]).find(|intent| named.contains(intent));
        if let Some(reason) = says_most {
            self.reasons.entry(reason).or_default().0 += 1;
            *of_day.reasons.entry(reason).or_default() += 1;
        }
    }

    fn shown(self, campaign: &CampaignId, truncated: bool) -> RefusalsResponse {
        let refused = self.refused;
        let shown = |(intent, (calls, named)): (&'static str, (u64, u64))| RefusalReasonResponse {
            intent: intent.to_owned(),
            label_zh: reason(intent).zh,
            label_en: reason(intent).en,
            change_zh: reason(intent).change_zh,
            change_en: reason(intent).change_en,
            calls,
            share_permille: (calls * 1_000).checked_div(refused).unwrap_or_default(),
            named,
        };
        let mut reasons: Vec<RefusalReasonResponse> = self.reasons.into_iter().map(shown).collect();
        reasons.sort_by(|one, other| {
            let more = other.calls.cmp(&one.calls).then(other.named.cmp(&one.named));
            more.then(one.intent.cmp(&other.intent))
        });
        RefusalsResponse {
            campaign: campaign.clone(),
            calls: self.calls,
            talked: self.talked,
            refused,
            truncated,
            reasons,
            days: self.days.into_values().filter(|day| day.refused > 0).collect(),
        }
    }
}

/// Returns the reason as which an utterance was understood; `None` if it gives none or the flow only asked
/// back.
fn reason_of(fact: &UnderstandingFact) -> Option<&'static str> {
    if fact.opt_out {
        return Some("refuse_call");
    }
    let intent = fact.intent.as_deref();
    let intent = intent.filter(|_| fact.reading.certainty == Certainty::Accepted)?;
    let reasons = REASONS.iter().map(|one| one.intent);
    reasons.chain([DENY]).find(|reason| *reason == intent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::spoken_turn::{ReadingSource, SpokenReading};

    fn said(intent: &str, certainty: Certainty) -> CallEvent {
        CallEvent::Understood(UnderstandingFact {
            node: "报价".to_owned(),
            intent: Some(intent.to_owned()),
            reading: SpokenReading {
                certainty,
                read_by: ReadingSource::Model,
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
            encoder: None,
        })
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn a_refused_call_counts_once_by_the_reason_that_says_most() {
        let sure = Certainty::Accepted;
        let (first, second) = (day(20), day(21));
        let mut counts = Counts::default();
        counts.take(first, &[said("deny", sure), said("too_expensive", sure)]);
        counts.take(first, &[said("too_expensive", sure), said("refuse_call", sure)]);
        counts.take(second, &[said("deny", sure)]);
        counts.take(second, &[said("too_expensive", Certainty::ToConfirm)]);
        counts.take(second, &[said("ask_fee", sure)]);
        counts.take(second, &[]);
        let shown = counts.shown(&"A".parse().unwrap(), false);
        assert_eq!((shown.calls, shown.talked, shown.refused), (6, 5, 3));
        let reasons: Vec<_> = shown
            .reasons
            .iter()
            .map(|one| (one.intent.as_str(), one.calls, one.share_permille, one.named))
            .collect();
        let expected = [
            ("too_expensive", 2, 666, 2),
            ("deny", 1, 333, 2),
            ("refuse_call", 0, 0, 1),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(shown.reasons[1].label_zh, "未说明原因");
        assert!(
            shown.reasons[0].change_en.contains("rebates"),
            "{:?}",
            shown.reasons[0]
        );
        let days: Vec<_> = shown
            .days
            .iter()
            .map(|one| (one.day.clone(), one.talked, one.refused, one.reasons.get("deny")))
            .collect();
        assert_eq!(
            days,
            [
                (first.to_string(), 2, 2, None),
                (second.to_string(), 3, 1, Some(&1))
            ]
        );
    }
}
