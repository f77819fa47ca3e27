//! Checks numbers with an external number library over HTTP: a POST of `{"numbers":[…]}`, signed like
//! webhooks. The response is `{"states":[0,1,…]}`, one state per number in the same order.

use crate::number_check_args::NumberCheckChoice;
use application::installation::Installation;
use application::webhooks::courier::{Courier, Header, Letter, Post};
use application::webhooks::signed_headers;
use async_trait::async_trait;
use bytes::Bytes;
use domain::number_check::CheckedState;
use domain::ports::id_source::IdSource;
use domain::ports::number_checker::{CHECKED_AT_ONCE_MAX, NumberCheckFailure, NumberChecker};
use serde_json::{Value, json};
use std::sync::Arc;

/// The failure class of a response that is not valid.
const UNREADABLE: &str = "answer_unreadable";

/// The failure class of a request with too many numbers.
const TOO_MANY: &str = "too_many_numbers";

/// Sets the number library that the installation asks.
pub fn ask_outside(installation: &Installation, choice: &NumberCheckChoice) {
    let ids = Arc::clone(&installation.environment.ids);
    let courier = Arc::clone(&installation.courier);
    let checker = OutsideNumberChecker::new(courier, ids, choice.clone());
    installation.number_checks.ask_by(Arc::new(checker));
}

/// Asks a number library through the courier of webhooks, with its deadline, without redirects and with a
/// limited response.
pub struct OutsideNumberChecker {
    courier: Arc<dyn Courier>,
    ids: Arc<dyn IdSource>,
    choice: NumberCheckChoice,
}

impl OutsideNumberChecker {
    /// Creates the client of the library in `choice`; requests go through `courier`, with ids from `ids`.
    pub fn new(courier: Arc<dyn Courier>, ids: Arc<dyn IdSource>, choice: NumberCheckChoice) -> Self {
        Self { courier, ids, choice }
    }

    fn letter(&self, numbers: &[String]) -> Letter {
        let body = json!({ "numbers": numbers }).to_string();
        let sent_at = self.courier.wall_time();
        let mut headers = vec![Header {
            name: "content-type",
            value: "application/json".to_owned(),
        }];
        if let Some(secret) = &self.choice.secret {
            let id = self.ids.command(sent_at).to_string();
            headers.extend(signed_headers(secret, id, sent_at, body.as_bytes()));
        }
        Letter::Post(Post {
            url: self.choice.url.clone(),
            headers,
            body: Bytes::from(body),
            allow_private: self.choice.allow_private,
        })
    }
}

#[async_trait]
impl NumberChecker for OutsideNumberChecker {
    async fn check(&self, numbers: &[String]) -> Result<Vec<CheckedState>, NumberCheckFailure> {
        let without = |class: &str, status| NumberCheckFailure {
            class: class.to_owned(),
            status,
        };
        if numbers.len() > CHECKED_AT_ONCE_MAX {
            return Err(without(TOO_MANY, None));
        }
        let answered = self.courier.deliver(self.letter(numbers)).await;
        if let Some(fault) = answered.fault {
            return Err(without(fault.code(), answered.status));
        }
        states(&answered.body, numbers.len()).ok_or_else(|| without(UNREADABLE, answered.status))
    }
}

/// Parses the response: exactly one state per number, otherwise `None`.
fn states(body: &[u8], count: usize) -> Option<Vec<CheckedState>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let states_sent = answer.get("states")?.as_array()?;
    if states_sent.len() != count {
        return None;
    }
    let one = |state: &Value| CheckedState::of_number(state.as_u64()?);
    states_sent.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_one_of_the_six_states_for_each_number_or_is_none() {
        let all = states(br#"{"states":[0,1,2,3,4,5]}"#, 6);
        assert_eq!(all.as_deref(), Some(&CheckedState::ALL[..]));
        for wrong in [
            r#"{"states":[0]}"#,
            r#"{"states":[0,6]}"#,
            r#"{"states":[0,"1"]}"#,
            r#"{"states":[0,-1]}"#,
            r#"{"state":[0,1]}"#,
            "[0,1]",
            "no json",
        ] {
            assert_eq!(states(wrong.as_bytes(), 2), None, "{wrong}");
        }
    }
}
