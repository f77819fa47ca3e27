//! What people do while campaigns run: pause them, send letters, withdraw customers, undo lists, promote
//! stages.
//!
//! Commands that the operator must finish are repeated until they are answered; a letter that meets a crash
//! is lost.

use super::campaign_profile::WHITE_LIST;
use super::clock::SeededChance;
use super::home::CustomerHome;
use super::operator::{FIRST_LIST, Operator, SECOND_LIST, cause};
use super::people;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::customer::command::{CallbackOrder, CustomerCommand};
use domain::go_live::Stage;
use domain::ids::{CustomerId, ListId};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::promotion::{Evidence, EvidenceStatements};

/// Most customers of a callback campaign who request a callback.
const CALLBACKS_MAX: usize = 8;
/// Least time between two requested callbacks of a campaign, in milliseconds; on average it is one and a
/// half of it.
const CALLBACKS_APART_MS: u64 = 11 * 60_000;

impl Operator {
    /// Erases up to two customers of the world by letter during the day, with or without an open call.
    pub(crate) async fn erase_some(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 4_000 + u64::from(day));
        let begun_at = self.at(day, self.starts_ms(day));
        for letter in 0..chance.below(3) {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            self.environment.clock.wait_until(at).await;
            let index = chance.below(people::population(self.plan.calls_per_day));
            let row = self.row(day, 0, FIRST_LIST, index);
            let command = CustomerCommand::Erase {
                reason: "asked by letter".to_owned(),
                requested_by: None,
                approved_by: None,
                four_eyes: None,
            };
            let cause = cause(&format!("erase:{day}:{letter}"));
            if let Ok(answer) = self.system.customers.ask(&row.customer, command, cause).await {
                self.notebook.note(answer.position);
            }
        }
    }

    /// In callback campaigns some customers request a callback, each at another time.
    pub(crate) async fn name_times(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 11_000 + u64::from(day));
        let begun_at = self.at(day, self.starts_ms(day));
        for part in (0..self.shape.campaigns_per_day).filter(|part| self.manner(day, *part).callbacks) {
            let (id, persons) = (Self::campaign_id(day, part), self.persons(day, part));
            for (nth, index) in (1..).zip(persons.iter().take(CALLBACKS_MAX)) {
                let at = begun_at.plus_ms(nth * CALLBACKS_APART_MS + chance.below(CALLBACKS_APART_MS));
                let Ok(loaded) = self.system.campaigns.state(&id).await else {
                    return;
                };
                let Some(facts) = loaded.state.facts(id.clone()) else {
                    return;
                };
                let order = CallbackOrder {
                    at,
                    agent: None,
                    reason: None,
                    by: None,
                    facts,
                };
                let row = self.row(day, part, FIRST_LIST, *index);
                let command = CustomerCommand::RequestCallback(Box::new(order));
                self.customer(&row.customer, command, &format!("callback:{id}:{index}"))
                    .await;
            }
        }
    }

    /// Records up to three opt-outs by letter during the day, and on one day in three pauses the first
    /// campaign for a while.
    pub(crate) async fn disturb(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 2_000 + u64::from(day));
        let clock = &self.environment.clock;
        let begun_at = self.at(day, self.starts_ms(day));
        let id = Self::campaign_id(day, 0);
        for letter in 0..chance.below(4) {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            clock.wait_until(at).await;
            let index = chance.below(people::population(self.plan.calls_per_day));
            let phone = CustomerHome::China.phone(index);
            let number = self.environment.vault.derive_number(&phone);
            let command = NumberCommand::OptOut {
                reason: "asked by letter".to_owned(),
                source: OptOutSource::Operator,
                call: None,
            };
            let cause = cause(&format!("opt-out:{day}:{letter}"));
            if let Ok(answer) = self.system.numbers.ask(&number, command, cause).await {
                self.notebook.note(answer.position);
            }
        }
        if chance.below(3) == 0 {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day)));
            let resumes_at = at.plus_ms(chance.below(self.busy_ms(day) / 2));
            clock.wait_until(at).await;
            let pause = CampaignCommand::Pause {
                reason: PauseReason::Requested,
            };
            self.campaign(&id, pause, &format!("pause:{id}")).await;
            clock.wait_until(resumes_at).await;
            self.campaign(&id, CampaignCommand::Resume, &format!("resume:{id}"))
                .await;
        }
    }

    /// For each campaign of the day: undoes its second list if it has one, withdraws some customers, and
    /// promotes it to its next stage.
    pub(crate) async fn take_back(&self, day: u32) {
        let chance = SeededChance::new(self.seed, 7_000 + u64::from(day));
        let begun_at = self.at(day, self.starts_ms(day));
        for part in 0..self.shape.campaigns_per_day {
            let at = begun_at.plus_ms(chance.below(self.busy_ms(day) / 2));
            self.environment.clock.wait_until(at).await;
            self.undo(day, part).await;
            self.withdraw_some(day, part, &chance).await;
            self.promote(day, part).await;
        }
    }

    async fn undo(&self, day: u32, part: u32) {
        let persons = self.persons(day, part);
        let count = self.undone_count(day, part, persons.len());
        if count == 0 {
            return;
        }
        let id = Self::campaign_id(day, part);
        let list = ListId::derive(&id, SECOND_LIST);
        let reason = "the wrong file".to_owned();
        let undo = CampaignCommand::UndoList {
            list,
            reason: reason.clone(),
            by: None,
        };
        self.campaign(&id, undo, &format!("undo:{id}")).await;
        self.break_after_an_undo(day, part).await;
        for index in persons.iter().skip(persons.len() - count) {
            let row = self.row(day, part, SECOND_LIST, *index);
            let command = CustomerCommand::WithdrawEnrolment {
                campaign: id.clone(),
                list: Some(list),
                reason: reason.clone(),
                by: None,
            };
            self.customer(&row.customer, command, &format!("undo:{id}:{index}"))
                .await;
        }
    }

    /// In every second case waits until a fixed time between the undoing of a list and the withdrawal of
    /// its customers, who must not be dialed in that time either. The time does not depend on crashes.
    async fn break_after_an_undo(&self, day: u32, part: u32) {
        let chance = SeededChance::new(self.seed, 9_000 + u64::from(day) + (u64::from(part) << 32));
        if chance.below(2) == 0 {
            let until = self.at(day, self.starts_ms(day)).plus_ms(self.busy_ms(day));
            self.environment.clock.wait_until(until).await;
        }
    }

    /// A few customers are withdrawn, withdraw their consent, or are removed from the white list.
    async fn withdraw_some(&self, day: u32, part: u32, chance: &SeededChance) {
        let (id, persons) = (Self::campaign_id(day, part), self.persons(day, part));
        let manner = self.manner(day, part);
        for letter in 0..chance.below(4) {
            let nth = usize::try_from(chance.below(persons.len() as u64)).unwrap_or(0);
            let Some(index) = persons.get(nth) else { return };
            let row = self.row(day, part, FIRST_LIST, *index);
            let withdraw = CustomerCommand::WithdrawEnrolment {
                campaign: id.clone(),
                list: None,
                reason: "enrolled by mistake".to_owned(),
                by: None,
            };
            let about = format!("take-back:{id}:{letter}");
            self.customer(&row.customer, withdraw, &about).await;
            let nth = usize::try_from(chance.below(persons.len() as u64)).unwrap_or(0);
            let Some(index) = persons.get(nth) else { return };
            let row = self.row(day, part, FIRST_LIST, *index);
            if manner.by_consent() {
                let command = CustomerCommand::WithdrawConsent {
                    scope: people::purpose(&id),
                    source: "letter".to_owned(),
                };
                self.customer(&row.customer, command, &format!("consent:{about}"))
                    .await;
            }
            if let Some(list) = WHITE_LIST.parse().ok().filter(|_| manner.listed) {
                let reason = "asked by letter".to_owned();
                let command = NumberCommand::Unlist { list, reason };
                self.number(&row.number, command, &format!("unlist:{about}"))
                    .await;
            }
        }
    }

    /// Promotes some campaigns from the test stage to the pilot stage, with constant evidence.
    async fn promote(&self, day: u32, part: u32) {
        if self.manner(day, part).stage != Some(Stage::Test) || (day + part).is_multiple_of(2) {
            return;
        }
        let evidence = Evidence {
            calls: 2,
            answered: 1,
            said: EvidenceStatements::default(),
            ..Evidence::default()
        };
        let id = Self::campaign_id(day, part);
        let command = CampaignCommand::Promote {
            to: Stage::Pilot,
            reason: "the test went well".to_owned(),
            evidence: Box::new(evidence),
            four_eyes: None,
        };
        self.campaign(&id, command, &format!("promote:{id}")).await;
    }

    /// Repeats a command to a customer until it is answered; a refusal is an answer.
    async fn customer(&self, id: &CustomerId, command: CustomerCommand, about: &str) {
        loop {
            match self.system.customers.ask(id, command.clone(), cause(about)).await {
                Ok(answer) => return self.notebook.note(answer.position),
                Err(actors::AskError::Refused(_)) => return,
                Err(_) => self.again_later().await,
            }
        }
    }
}
