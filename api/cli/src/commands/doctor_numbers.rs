//! The numbers check of `ledgerline doctor`: finds customers in campaigns of another country with a number
//! that was stored as Chinese before numbers needed a country code, so its country may be a guess. They are
//! not dialed until the number is confirmed.

use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use crate::kit::failure::Failure;
use application::as_of::{Moment, entity_then};
use application::countries::campaigns_of_log;
use domain::calling_code::{CallingCode, DefaultCountry};
use domain::compliance::PhoneCountry;
use domain::customer::event::CustomerEvent;
use domain::customer::{Customer, CustomerState, dialed_number};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::vault::Vault;
use evidence::log_walk::FilteredEventReader;
use host::app::{AppError, ReadOnlyLog, lookup_vault};
use host::clock::SystemClock;
use host::keys_spec::KeysSpec;
use host::store_spec::StoreSpec;
use std::collections::BTreeSet;
use std::path::Path;
use store::OpenError;

const NAME: &str = "numbers";

/// Most customers checked, further ones are not; each takes a few milliseconds.
const PERSONS_MAX: usize = 10_000;

/// Most customers listed: one screen.
const NAMED_MAX: usize = 20;

pub(super) async fn check(data: Option<&Path>, spec: &StoreSpec, keys: &KeysSpec) -> Check {
    match found(data, spec, keys).await {
        Ok((finding, says)) => Check::new(NAME, finding, says),
        Err(failure) => Check::new(NAME, CheckStatus::Bad, failure),
    }
}

async fn found(
    data: Option<&Path>,
    spec: &StoreSpec,
    keys: &KeysSpec,
) -> Result<(CheckStatus, CheckText), Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(judge(&[], false)),
        opened => opened?,
    };
    let said = of_log(data, &opened, keys).await;
    opened.close().await;
    said
}

async fn of_log(
    data: Option<&Path>,
    opened: &ReadOnlyLog,
    keys: &KeysSpec,
) -> Result<(CheckStatus, CheckText), Failure> {
    let store = opened.store.as_ref();
    let china = DefaultCountry::Of(CallingCode::MAINLAND_CHINA);
    let abroad = campaigns_of_log(store).await?.into_iter();
    let abroad = abroad.filter(|(_, presets)| presets.iter().any(|preset| preset.default_country() != china));
    let abroad: BTreeSet<CampaignId> = abroad.map(|(campaign, _)| campaign).collect();
    let mut persons = BTreeSet::new();
    for campaign in &abroad {
        persons.extend(enrolled(store, campaign).await?);
    }
    if persons.is_empty() {
        return Ok(judge(&[], false));
    }
    let Some(data) = data else {
        let says = says!(
            "未检查号码国家：读取号码需要日志的密钥（--data）",
            "NOT checked: the keys of the log are needed to read numbers (--data)"
        );
        return Ok((CheckStatus::Note, says));
    };
    let (vault, _) = lookup_vault(keys, data, opened).await?;
    let guessed = guessed(store, vault.vault().as_ref(), &persons, &abroad).await;
    vault.close().await;
    Ok(judge(&guessed?, persons.len() > PERSONS_MAX))
}

/// Returns all customers enrolled in a campaign.
async fn enrolled(store: &dyn EventStore, campaign: &CampaignId) -> Result<BTreeSet<CustomerId>, Failure> {
    let filter = EventFilter {
        kinds: vec![CustomerEvent::ENROLLED.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let (mut events, mut persons) = (FilteredEventReader::new(store, filter), BTreeSet::new());
    while let Some(page) = events.next().await? {
        for stored in &page {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Failure::fault(error.to_string()))?;
            persons.extend(envelope.customer);
        }
    }
    Ok(persons)
}

/// Returns the customers with an open enrolment in one of the campaigns and a number with a guessed country.
async fn guessed(
    store: &dyn EventStore,
    vault: &dyn Vault,
    persons: &BTreeSet<CustomerId>,
    abroad: &BTreeSet<CampaignId>,
) -> Result<Vec<CustomerId>, Failure> {
    let then = Moment::default()
        .resolve(store, SystemClock::default().now())
        .await?;
    let mut found = Vec::new();
    for person in persons.iter().take(PERSONS_MAX) {
        let key = vault.existing_key(person).await;
        let key = key.map_err(|error| Failure::unavailable(error.to_string()))?;
        let entity = entity_then::<Customer>(store, person, &then, vault, key.as_ref()).await?;
        if abroad
            .iter()
            .any(|campaign| waits_unconfirmed(&entity.state, campaign))
        {
            found.push(person.clone());
        }
    }
    Ok(found)
}

fn waits_unconfirmed(state: &CustomerState, campaign: &CampaignId) -> bool {
    let waits = state
        .enrolment(campaign)
        .is_some_and(|enrolment| enrolment.settled.is_none());
    let number = dialed_number(state, campaign).filter(|_| waits);
    number.is_some_and(|number| state.phone_country(&number) == PhoneCountry::Guessed)
}

fn judge(guessed: &[CustomerId], more: bool) -> (CheckStatus, CheckText) {
    if guessed.is_empty() && !more {
        let says = says!("没有待确认国家的号码", "no number needs its country confirmed");
        return (CheckStatus::Good, says);
    }
    let named: Vec<&str> = guessed.iter().take(NAMED_MAX).map(CustomerId::as_str).collect();
    let (beyond_zh, beyond) = if more {
        ("（仅检查前 10,000 名）", " of the first 10,000 checked")
    } else {
        ("", "")
    };
    let (count, named) = (guessed.len(), named.join(", "));
    let says = CheckText {
        zh: format!(
            "其他国家的外呼任务中，{count} 名客户{beyond_zh}的号码入库时没有国家代码，按中国号码保存；在确认（ledgerline \
             customer confirm-numbers ID --reason TEXT）或带国家代码重新导入之前不外呼：{named}"
        ),
        en: format!(
            "{count} customers{beyond} in campaigns of other countries have a number that was stored as \
             Chinese without a country code; they are not dialed until it is confirmed (ledgerline customer \
             confirm-numbers ID --reason TEXT) or imported again with the country code: {named}"
        ),
    };
    (CheckStatus::Note, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_who_wait_for_a_confirmation_are_named() {
        let person: CustomerId = "00112233445566778899aabbccddeeff".parse().unwrap();
        let (finding, says) = judge(std::slice::from_ref(&person), false);
        assert_eq!(finding, CheckStatus::Note);
        assert!(
            says.en.contains(person.as_str()) && says.en.contains("confirm-numbers"),
            "{says}"
        );
        assert_eq!(judge(&[], false).0, CheckStatus::Good);
    }
}
