//! The best call times that a campaign has learned: counts per hour, and the smoothed answer rates.

use crate::as_of::{Moment, PastMomentInfo, entity_then};
use crate::installation::Installation;
use domain::best_times::{BestTimesGrouping, CallHour, CountedTimes, DaySort, HourRow, PRIOR_DIALS};
use domain::calling_plan::CallingPlan;
use domain::campaign::{Campaign, CampaignState};
use domain::ids::CampaignId;
use domain::local_hour::open_hours;
use domain::problem::Problem;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Hours per day.
const HOURS_OF_DAY: u8 = 24;

/// The hours that a campaign has learned. Counts come from its own events; rates and best hour follow from
/// them in the same way as in its decisions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BestTimesResponse {
    campaign: CampaignId,
    /// True if the plan asks for best call times. Otherwise the rest is empty.
    learns: bool,
    by: Option<BestTimesGrouping>,
    #[schemars(extend("examples" = [["retail"]]))]
    groups: Vec<String>,
    /// Longest time that a retry waits for a better hour, in milliseconds.
    later_ms_max: Option<u64>,
    /// Time of the latest learning, and the log position up to which calls are counted. Null before the
    /// first one.
    learnt_at: Option<Timestamp>,
    #[schemars(example = &"4711")]
    through: Option<String>,
    /// Number of dials that were counted.
    dials: u64,
    /// Weight of the more general rate against the counts of an hour, as a number of dials.
    prior_dials: u64,
    rows: Vec<TimesOfGroup>,
    label_zh: &'static str,
    label_en: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

/// One group of customers on one kind of day.
#[derive(Debug, Serialize, JsonSchema)]
struct TimesOfGroup {
    /// Name of the group in the plan. Null for all other customers.
    #[schemars(example = &"retail")]
    group: Option<String>,
    day: DaySort,
    /// The best of the open hours. Null if nothing was counted.
    #[schemars(range(max = 23))]
    best_hour: Option<u8>,
    hours: Vec<TimesOfHour>,
}

/// One hour of the day, in the customer's local time.
#[derive(Debug, Serialize, JsonSchema)]
struct TimesOfHour {
    #[schemars(range(max = 23))]
    hour: u8,
    /// True if the campaign's hours and its preset permit calls in this hour.
    open: bool,
    dials: u64,
    answers: u64,
    /// Counts of the whole institution, for comparison.
    institution_dials: u64,
    institution_answers: u64,
    /// Estimated answer rate per mille, smoothed towards the more general rate.
    per_mille: u64,
}

/// Returns the answer rates per hour that a campaign has learned, now or at a past moment.
pub async fn learnt_times(
    installation: &Installation,
    campaign: &CampaignId,
    moment: Moment,
) -> Result<BestTimesResponse, Problem> {
    if moment.is_now() {
        let state = installation.campaign(campaign).await?;
        return shown(campaign, &state, installation.now(), None);
    }
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let (store, vault) = (installation.store(), installation.vault());
    let entity = entity_then::<Campaign>(store, campaign, &then, vault, None).await?;
    let at = then.at().unwrap_or_else(|| installation.now());
    shown(campaign, &entity.state, at, Some(entity.known(&then)))
}

fn shown(
    campaign: &CampaignId,
    state: &CampaignState,
    at: Timestamp,
    known: Option<PastMomentInfo>,
) -> Result<BestTimesResponse, Problem> {
    let plan = state.plan().ok_or_else(|| Problem::missing("this campaign"))?;
    let asked = plan.best_times.as_deref();
    let learnt = state.learnt();
    Ok(BestTimesResponse {
        campaign: campaign.clone(),
        learns: asked.is_some(),
        by: asked.map(|times| times.by),
        groups: asked.map(|times| times.groups.clone()).unwrap_or_default(),
        later_ms_max: asked.map(|times| times.later_ms_max),
        learnt_at: state.learnt_at(),
        through: learnt.map(|learnt| learnt.through.to_string()),
        dials: learnt.map_or(0, |learnt| learnt.dials),
        prior_dials: PRIOR_DIALS,
        rows: learnt.map_or_else(Vec::new, |learnt| rows(plan, &learnt.counted, at)),
        label_zh: "按客户当地时刻与日类型统计的拨打与接听；预计接听为平滑后的千分比",
        label_en: "dials and answers by people's own hour and the sort of day; per_mille is drawn to what is \
            known of more dials",
        known,
    })
}

/// Returns one row per customer group and kind of day that has counts. Groups without a row use the counts
/// of all customers.
fn rows(plan: &CallingPlan, counted: &CountedTimes, at: Timestamp) -> Vec<TimesOfGroup> {
    let open = open_hours(plan, at);
    let name = |group| {
        plan.best_times
            .as_deref()
            .and_then(|times| times.group_name(group))
    };
    let of = |row: &HourRow| {
        let hours: Vec<TimesOfHour> = (0..HOURS_OF_DAY)
            .map(|hour| of_hour(counted, row, hour, open.contains(&hour)))
            .collect();
        // As in decisions: an hour with too few dials is no reason to wait for it.
        let is_known = |hour: u8| {
            let (day, group) = (row.day, row.group);
            counted.is_known(CallHour { hour, day, group })
        };
        let best = hours.iter().filter(|hour| hour.open && is_known(hour.hour));
        TimesOfGroup {
            group: name(row.group).map(str::to_owned),
            day: row.day,
            best_hour: best
                .max_by_key(|hour| (hour.per_mille, std::cmp::Reverse(hour.hour)))
                .map(|hour| hour.hour),
            hours,
        }
    };
    counted.own.iter().map(of).collect()
}

fn of_hour(counted: &CountedTimes, row: &HourRow, hour: u8, open: bool) -> TimesOfHour {
    let (day, group) = (row.day, row.group);
    let at = CallHour { hour, day, group };
    let (dials, answers) = counted.of_hour(at);
    let institution = counted.institution.iter().find(|one| one.day == day);
    let count = |counts: fn(&HourRow) -> &[u64; 24]| {
        let counts = institution.and_then(|row| counts(row).get(usize::from(hour)));
        counts.copied().unwrap_or(0)
    };
    TimesOfHour {
        hour,
        open,
        dials,
        answers,
        institution_dials: count(|row| &row.dials),
        institution_answers: count(|row| &row.answers),
        per_mille: counted.rate(at).per_mille(),
    }
}
