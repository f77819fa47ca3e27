//! What campaigns under the telemarketing rule of the United States need besides: the registry of those who
//! do not want to be called, imported now and then, and agents who relieve.
//!
//! In some worlds the registry is too old for days, until the next edition comes; in some it comes by area
//! code, of each at another time and of some not at all. Where no agents are, a robot would call alone, and
//! nobody may be called at all.

use super::clock::SeededChance;
use super::home::{Home, NEW_YORK};
use super::manner::Manner;
use super::operator::{Operator, cause};
use domain::calling_plan::{CallingPlan, Preset};
use domain::customer::command::Enrolment;
use domain::number::command::NumberCommand;
use domain::registry::{AllRegistries, RegistryCommand};
use domain::registry_book::{AreaCode, Edition};
use domain::screening::{Relief, Screening};
use domain::seller::Seller;
use domain::time::Timestamp;
use domain::working_calendar::Day;
use sha2::{Digest, Sha256};

/// The registry that the preset asks for.
pub(crate) const REGISTRY: &str = "us-dnc";

/// When editions come is drawn by this purpose, of each area by one behind it.
const REGISTRY_PURPOSE: u64 = 8_000;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// The first edition is less than so many days old when a world begins; it counts for 31.
const FIRST_AGE_DAYS: u64 = 38;

/// The next comes within so many days.
const NEXT_WITHIN_DAYS: u64 = 8;

/// In one world of so many it comes by area code.
const BY_AREA_OF: u64 = 3;

/// There one area of so many has no first edition.
const NO_FIRST_OF: u64 = 4;

/// One number of so many is on it.
const REGISTERED_OF: u8 = 8;

/// Gives a plan what the preset asks of it: agents where there are some.
pub(crate) fn relieved(plan: &mut CallingPlan, manner: &Manner, agents: u32) {
    if manner.preset != Preset::UsTsr {
        return;
    }
    let relief = if agents > 0 { Relief::Agents } else { Relief::Robot };
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
    /// The registry's editions that are there on this day.
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

    /// Of the whole registry or of an area: the first, so many days old as the world begins, and the next.
    async fn editions(&self, day: u32, first_age_days: Option<u64>, next_day: u64, area: Option<AreaCode>) {
        if let Some(age_days) = first_age_days.filter(|_| day == 0) {
            self.edition(self.day_before(0, age_days), area).await;
        }
        if u64::from(day) == next_day {
            self.edition(self.day_before(day, 1), area).await;
        }
    }

    /// The date so many days before one of this world's.
    fn day_before(&self, day: u32, days: u64) -> Option<Day> {
        let noon = self.at(day, DAY_MS / 2);
        let back = i64::try_from(days * DAY_MS * 1_000).ok()?;
        let then = Timestamp::from_micros(noon.micros() - back);
        let text = then.to_string();
        text.get(..10)?.parse().ok()
    }

    /// Asks until it is answered; an edition that is not newer is refused, which is an answer.
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
                .ask(&AllRegistries, command.clone(), cause(&about))
                .await
            {
                Ok(answer) => return self.notebook.note(answer.position),
                Err(actors::AskError::Refused(_)) => return,
                Err(_) => self.again_later().await,
            }
        }
    }

    /// Some people of New York stand on the registry.
    pub(crate) async fn register(&self, manner: &Manner, row: &Enrolment) {
        if manner.home() != Home::NewYork {
            return;
        }
        let about = format!("registered:{}", row.number);
        let [draw, ..]: [u8; 32] = Sha256::digest(format!("{}:{about}", self.seed)).into();
        if draw % REGISTERED_OF == 0 {
            // As an import of the registry in clear does with each of its lines.
            let suppress = NumberCommand::Suppress {
                reason: REGISTRY.to_owned(),
                until: None,
            };
            self.number(&row.number, suppress, &about).await;
        }
    }
}
