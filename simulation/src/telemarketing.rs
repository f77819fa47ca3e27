//! What campaigns under the telemarketing rule of the United States need in addition: the do-not-call
//! registry, imported from time to time, and agents who take the calls.
//!
//! In some worlds the registry is too old for days, until the next edition comes. In some it comes by area
//! code, each at another time and some not at all. Without agents a robot would call alone, and no call may
//! be placed.

use super::campaign_profile::CampaignProfile;
use super::clock::SeededChance;
use super::home::{CustomerHome, NEW_YORK};
use super::operator::{Operator, cause};
use domain::calling_plan::{CallingPlan, Preset};
use domain::customer::command::Enrolment;
use domain::number::command::NumberCommand;
use domain::registry::{NumberRegistryId, RegistryCommand};
use domain::registry_book::{AreaCode, Edition};
use domain::screening::{CallTaker, Screening};
use domain::seller::Seller;
use domain::time::Timestamp;
use domain::working_calendar::Day;
use sha2::{Digest, Sha256};

/// The registry that the rule set requires.
pub(crate) const REGISTRY: &str = "us-dnc";

/// Purpose of the random draw of registry editions; each area code uses one of the following purposes.
const REGISTRY_PURPOSE: u64 = 8_000;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// Upper bound of the age of the first edition when a world begins, in days; it is valid for 31.
const FIRST_AGE_DAYS: u64 = 38;

/// Days within which the next edition comes.
const NEXT_WITHIN_DAYS: u64 = 8;

/// In one world in this many the registry comes by area code.
const BY_AREA_OF: u64 = 3;

/// In those worlds one area code in this many has no first edition.
const NO_FIRST_OF: u64 = 4;

/// One number in this many is on the registry.
const REGISTERED_OF: u8 = 8;

/// Adds to a plan what telemarketing in the USA requires: agents who take the calls, and a named seller. In
/// a world without agents the robot takes the calls.
pub(crate) fn add_agents_to_plan(plan: &mut CallingPlan, manner: &CampaignProfile, agents: u32) {
    if manner.preset != Preset::UsTsr {
        return;
    }
    let relief = if agents > 0 {
        CallTaker::Agents
    } else {
        CallTaker::Robot
    };
    plan.screening
        .get_or_insert_with(|| {
            Box::new(Screening {
                relief: None,
                only_listed_on: None,
                number_check: None,
            })
        })
        .relief = Some(relief);
    plan.seller = (agents > 0).then(|| {
        Box::new(Seller {
            name: "Example Bank".to_owned(),
            number: "+12025550100".to_owned(),
        })
    });
}

impl Operator {
    /// Imports the editions of the registry that come on this day.
    pub(crate) async fn import_registry(&self, day: u32) {
        let chance = SeededChance::new(self.seed, REGISTRY_PURPOSE);
        let whole = (chance.below(FIRST_AGE_DAYS), chance.below(NEXT_WITHIN_DAYS));
        if chance.below(BY_AREA_OF) != 0 {
            return self.editions(day, Some(whole.0), whole.1, None).await;
        }
        for (nth, area) in (1..).zip(NEW_YORK) {
            let chance = SeededChance::new(self.seed, REGISTRY_PURPOSE + nth);
            let (age_days, next_day) = (chance.below(FIRST_AGE_DAYS), chance.below(NEXT_WITHIN_DAYS));
            let first = (chance.below(NO_FIRST_OF) != 0).then_some(age_days);
            self.editions(day, first, next_day, area.parse().ok()).await;
        }
    }

    /// Imports the editions of the whole registry or of one area code: the first, which is some days old when
    /// the world begins, and the next.
    async fn editions(&self, day: u32, first_age_days: Option<u64>, next_day: u64, area: Option<AreaCode>) {
        if let Some(age_days) = first_age_days.filter(|_| day == 0) {
            self.edition(self.day_before(0, age_days), area).await;
        }
        if u64::from(day) == next_day {
            self.edition(self.day_before(day, 1), area).await;
        }
    }

    /// Returns the date `days` days before a day of this world; `None` if there is no valid date.
    fn day_before(&self, day: u32, days: u64) -> Option<Day> {
        let noon = self.at(day, DAY_MS / 2);
        let back = i64::try_from(days * DAY_MS * 1_000).ok()?;
        let then = Timestamp::from_micros(noon.micros() - back);
        let text = then.to_string();
        text.get(..10)?.parse().ok()
    }

    /// Repeats an import until it is answered. An edition that is not newer is refused, which is an answer.
    async fn edition(&self, as_of: Option<Day>, area: Option<AreaCode>) {
        let (Some(as_of), Ok(registry)) = (as_of, REGISTRY.parse()) else {
            return;
        };
        let about = area.map_or_else(
            || format!("registry:{as_of}"),
            |area| format!("registry:{as_of}:{area}"),
        );
        let command = RegistryCommand::Record {
            registry,
            edition: Box::new(Edition {
                as_of,
                areas: area.into_iter().collect(),
                digests: None,
                numbers: 1,
                bad: 0,
                uncallable: 0,
            }),
            reason: "the edition of the month".to_owned(),
        };
        loop {
            let registries = &self.system.registries;
            match registries
                .ask(&NumberRegistryId, command.clone(), cause(&about))
                .await
            {
                Ok(answer) => return self.notebook.note(answer.position),
                Err(actors::AskError::Refused(_)) => return,
                Err(_) => self.again_later().await,
            }
        }
    }

    /// Puts some customers in New York on the registry.
    pub(crate) async fn register(&self, manner: &CampaignProfile, row: &Enrolment) {
        if manner.home() != CustomerHome::NewYork {
            return;
        }
        let about = format!("registered:{}", row.number);
        let [draw, ..]: [u8; 32] = Sha256::digest(format!("{}:{about}", self.seed)).into();
        if draw % REGISTERED_OF == 0 {
            // The same command as an import of the registry in plain text sends for each of its lines.
            let suppress = NumberCommand::Suppress {
                reason: REGISTRY.to_owned(),
                until: None,
            };
            self.number(&row.number, suppress, &about).await;
        }
    }
}
