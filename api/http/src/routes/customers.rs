//! Routes of one customer: personal data (masked), enrolments and calls; the timeline; the portrait.

use crate::api_description::ReadReply;
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::shows_campaign;
use application::as_of::{Moment, PastMomentInfo, ReplayInput, ResolvedMoment, entity_then, existed_then};
use application::customers::{
    CallbackResponse, CustomerNumberResponse, CustomerResponse, EnrolmentEnd, EnrolmentResponse,
    HoldErasureStatus, NotCalledReason, PortraitResponse, TimelineResponse,
};
use application::inquiries::{READ_THEN, ReadContent, Reader, customer_page, put_on_record};
use application::installation::Installation;
use application::value_masking::masked;
use domain::call::Call;
use domain::campaign::Campaign;
use domain::compliance::{BilingualSentence, ClosedWindow, describe_refusal, zone_of};
use domain::customer::{Customer, CustomerState, EnrolmentState, RefusedDial};
use domain::decider::Decider;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId};
use domain::number_ids::NumberIdForm;
use domain::permission::DataScope;
use domain::personal::{Personal, mask_external_id, mask_name};
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::views::customer_timeline::{self, CustomerTimeline, LINES_MAX};
use projections::views::portrait::{self, Portraits};
use projections::{ReadDb, View};
use std::sync::Arc;

/// What the audit record of a read of a customer names as shown.
const PERSON: ReadContent = customer_page::PERSON.shown();
/// What the audit record of a read of a customer's timeline names as shown.
const TIMELINE: ReadContent = customer_page::TIMELINE.shown();
/// What the audit record of a read of a customer's portrait names as shown.
const PORTRAIT: ReadContent = customer_page::PORTRAIT.shown();

/// Most attempts of one enrolment for which calls are looked up; later ones are left out. Caps end an
/// enrolment far earlier.
const ATTEMPTS_SHOWN_MAX: u32 = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/customers/{id}", "Get a customer", show)
            .describe(
                "By external or internal id. Returns masked personal data, numbers, enrolments with the \
                 reason for not being called, and calls, now or at a past moment. The read is recorded.",
            )
            .needs(Permission::CustomersRead, EndpointSubject::Customer)
            .query(READ_THEN),
        Endpoint::get(
            "/api/v1/customers/{id}/timeline",
            "Get a customer's timeline",
            timeline,
        )
        .describe(
            "Returns what happened to the customer, line by line, with the calls: the latest 500 of each. \
             The read is recorded.",
        )
        .needs(Permission::CustomersRead, EndpointSubject::Everybody)
        .query(READ_THEN),
        Endpoint::get(
            "/api/v1/customers/{id}/portrait",
            "Get a customer's portrait",
            portrait_of,
        )
        .describe(
            "Returns what is known of the customer from calls, each value with the call that it came from. \
             The read is recorded.",
        )
        .needs(Permission::CustomersRead, EndpointSubject::Everybody)
        .query(READ_THEN),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<CustomerResponse>, Problem> {
    let text = input.param(0)?;
    let moment = Moment::of(input.query())?;
    let reader = input.reader();
    let sight = CustomerVisibility {
        scope: input.scope.clone(),
        ids: number_ids(&input.caller),
    };
    let (customer, state) = ctx.installation.customer_named(&text).await?;
    if moment.is_now() {
        let shown = describe_whole(&ctx.installation, &customer, &state, None, &sight).await?;
        return given(&ctx.installation, reader, PERSON, customer, shown).await;
    }
    let then = moment
        .resolve(ctx.installation.store(), ctx.installation.now())
        .await?;
    let key = ctx.installation.vault().existing_key(&customer).await?;
    let (store, vault) = (ctx.installation.store(), ctx.installation.vault());
    let entity = entity_then::<Customer>(store, &customer, &then, vault, key.as_ref()).await?;
    if !entity.state.is_registered() {
        return Err(Problem::missing("this customer, at the time asked for,"));
    }
    let mut shown = describe_whole(&ctx.installation, &customer, &entity.state, Some(&then), &sight).await?;
    shown.known = Some(entity.known(&then));
    given(&ctx.installation, reader, PERSON, customer, shown).await
}

/// Records the read, then returns the reply. If the read cannot be recorded, nothing is returned.
async fn given<T>(
    installation: &Installation,
    reader: Reader,
    what: ReadContent,
    customer: CustomerId,
    shown: T,
) -> Result<ReadReply<T>, Problem> {
    let what = ReadContent {
        customer: Some(customer),
        ..what
    };
    put_on_record(installation, reader, what).await?;
    Ok(ReadReply(shown))
}

/// What the caller may see of a customer: campaigns in the data scope, and the form of number ids.
struct CustomerVisibility {
    scope: DataScope,
    ids: NumberIdForm,
}

/// Describes a customer with the enrolments and calls that exist now, or existed at `then`.
async fn describe_whole(
    installation: &Installation,
    customer: &CustomerId,
    state: &CustomerState,
    then: Option<&ResolvedMoment>,
    sight: &CustomerVisibility,
) -> Result<CustomerResponse, Problem> {
    let mut enrolments = Vec::new();
    let mut calls = Vec::new();
    // Campaigns outside the caller's data scope are left out.
    let enrolled = state.enrolments().iter();
    for (campaign, enrolment) in enrolled.filter(|(campaign, _)| shows_campaign(&sight.scope, campaign)) {
        let made = calls_of(installation, campaign, customer, enrolment, then).await?;
        let closed = match enrolment.is_waiting() {
            true => closed_window(installation, campaign, then).await?,
            false => None,
        };
        enrolments.push(describe(campaign, enrolment, state, closed.as_ref(), sight.ids));
        calls.extend(made);
    }
    Ok(CustomerResponse {
        id: customer.clone(),
        customer_id: masked_id(state.external_id()),
        name: masked(state.name(), mask_name),
        time_zone: state.time_zone().map(str::to_owned),
        local_zone: local_zone(state),
        standing: HoldErasureStatus::of(state),
        numbers: state
            .numbers()
            .iter()
            .map(|known| CustomerNumberResponse::of(known, customer, sight.ids))
            .collect(),
        caps: state.own_caps().to_vec(),
        preferred_times: state.preferred_times().to_vec(),
        merged_into: state.merged_into().cloned(),
        merged: state.joined().to_vec(),
        enrolments,
        calls,
        known: None,
    })
}

/// Returns the timeline of a customer, with the lines of all ids that were merged into it. Lines and calls
/// hold no personal values; for a past moment they are replayed from the customer's events.
async fn timeline(ctx: Ctx, input: Input) -> Result<ReadReply<TimelineResponse>, Problem> {
    let (reader, ids) = (input.reader(), number_ids(&input.caller));
    let (named, moment) = (input.param(0)?, Moment::of(input.query())?);
    let (customer, state) = ctx.installation.customer_named(&named).await?;
    let then = asked_then(&ctx.installation, moment).await?;
    let (mut calls, mut lines, mut known) = (Vec::new(), Vec::new(), None);
    let mut is_there = false;
    for id in std::iter::once(&customer).chain(state.joined()) {
        let view = Arc::new(CustomerTimeline);
        let (db, of_then) = rows_of(&ctx.installation, id, then.as_ref(), view).await?;
        known = known.or(of_then);
        if let Some(row) = customer_timeline::get(db.as_ref(), id.as_str()).await? {
            is_there |= *id == customer;
            calls.extend(row.calls);
            lines.extend(row.timeline);
        }
    }
    if !is_there {
        return Err(Problem::missing("this customer, at the time asked for,"));
    }
    calls.sort_by_key(|call| call.permitted_at);
    lines.sort_by_key(|line| line.position);
    for call in &mut calls {
        call.number = ids.of_customer(&call.number, &customer);
    }
    for line in &mut lines {
        line.facts = ids.of_json(line.facts.take(), &customer);
    }
    let shown = TimelineResponse {
        id: customer.clone(),
        calls: latest(calls),
        timeline: latest(lines),
        known,
    };
    let what = TIMELINE.with_values(shown.calls.len() + shown.timeline.len());
    given(&ctx.installation, reader, what, customer, shown).await
}

/// Returns the last `LINES_MAX` elements.
fn latest<T>(mut all: Vec<T>) -> Vec<T> {
    all.split_off(all.len().saturating_sub(LINES_MAX))
}

/// Returns the portrait of a customer and those of the ids merged into it: ids, counts and times, no sealed
/// values. `missing` if the customer had no call by then.
async fn portrait_of(ctx: Ctx, input: Input) -> Result<ReadReply<PortraitResponse>, Problem> {
    let reader = input.reader();
    let (named, moment) = (input.param(0)?, Moment::of(input.query())?);
    let (customer, state) = ctx.installation.customer_named(&named).await?;
    let then = asked_then(&ctx.installation, moment).await?;
    let (mut found, mut known) = (Vec::new(), None);
    for id in std::iter::once(&customer).chain(state.joined()) {
        let (db, of_then) = rows_of(&ctx.installation, id, then.as_ref(), Arc::new(Portraits)).await?;
        known = known.or(of_then);
        found.extend(portrait::get(db.as_ref(), id).await?);
    }
    let mut found = found.into_iter();
    let first = found.next();
    let shown = PortraitResponse {
        portrait: first.ok_or_else(|| Problem::missing("a call to this customer, at the time asked for,"))?,
        merged: found.collect(),
        known,
    };
    given(&ctx.installation, reader, PORTRAIT, customer, shown).await
}

/// Resolves the moment of the request; `None` if it is now.
async fn asked_then(installation: &Installation, moment: Moment) -> Result<Option<ResolvedMoment>, Problem> {
    if moment.is_now() {
        return Ok(None);
    }
    let then = moment.resolve(installation.store(), installation.now());
    Ok(Some(then.await?))
}

/// Returns the rows of one view about one customer id: the current rows, or those of a past moment replayed
/// from the customer's events.
async fn rows_of(
    installation: &Installation,
    customer: &CustomerId,
    then: Option<&ResolvedMoment>,
    view: Arc<dyn View>,
) -> Result<(Arc<dyn ReadDb>, Option<PastMomentInfo>), Problem> {
    let Some(then) = then else {
        return Ok((installation.rows.db(), None));
    };
    let filter = EventFilter {
        customer: Some(customer.clone()),
        ..EventFilter::default()
    };
    let folding = installation.past.fold(
        &installation.environment,
        ReplayInput::all_of(filter),
        vec![view],
        then,
    );
    let shown = folding.await?;
    Ok((Arc::clone(&shown.rows.db), Some(shown.known(then))))
}

/// Returns the calls of an enrolment. Call ids are derived from enrolment and attempt; an attempt without a
/// permitted call has none.
async fn calls_of(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    enrolment: &EnrolmentState,
    then: Option<&ResolvedMoment>,
) -> Result<Vec<CallId>, Problem> {
    let id = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    let mut calls = Vec::new();
    for attempt in 1..=enrolment.attempts.min(ATTEMPTS_SHOWN_MAX) {
        let call = CallId::derive(&id, attempt);
        let exists = match then {
            None => installation.entities.calls.state(&call).await?.version.0 > 0,
            Some(then) => existed_then(installation.store(), &Call::stream(&call), then).await?,
        };
        if exists {
            calls.push(call);
        }
    }
    Ok(calls)
}

/// Returns the last end of the campaign's calling window that left customers waiting, as of now or of
/// `then`; `None` if there was none.
async fn closed_window(
    installation: &Installation,
    campaign: &CampaignId,
    then: Option<&ResolvedMoment>,
) -> Result<Option<ClosedWindow>, Problem> {
    let closed = match then {
        None => installation
            .entities
            .campaigns
            .state(campaign)
            .await?
            .state
            .closed_window()
            .cloned(),
        Some(then) => {
            let (store, vault) = (installation.store(), installation.vault());
            let campaign = entity_then::<Campaign>(store, campaign, then, vault, None).await?;
            campaign.state.closed_window().cloned()
        }
    };
    Ok(closed)
}

fn describe(
    campaign: &CampaignId,
    enrolment: &EnrolmentState,
    state: &CustomerState,
    closed: Option<&ClosedWindow>,
    ids: NumberIdForm,
) -> EnrolmentResponse {
    let due_at = enrolment.due_behind(closed);
    let why = enrolment.why_not_dialed(closed);
    EnrolmentResponse {
        not_called: why.map(|why| {
            let facts = ids.of_facts(why.facts.clone());
            not_called(&RefusedDial { facts, ..why }, enrolment, due_at, state)
        }),
        campaign: campaign.clone(),
        list: enrolment.list,
        basis: enrolment.basis,
        attempts: enrolment.attempts,
        calls_count: enrolment.calls_count(),
        due_at,
        callback: enrolment.callback.as_deref().map(CallbackResponse::of),
        open_call: enrolment.open,
        settled: enrolment.settled.map(|settled| EnrolmentEnd {
            disposition: settled.disposition,
            outcome: settled.outcome,
        }),
    }
}

/// Explains in a code and in words why the enrolment was not dialed when it was last due.
fn not_called(
    why: &RefusedDial,
    enrolment: &EnrolmentState,
    due_at: Timestamp,
    state: &CustomerState,
) -> NotCalledReason {
    let phone = state.phone(&enrolment.number).and_then(|phone| phone.value());
    let zone = zone_of(state.time_zone(), phone.map(String::as_str));
    let next = enrolment.settled.is_none().then_some(due_at);
    let BilingualSentence { zh, en } = describe_refusal(&why.rule, &why.facts, next, zone);
    NotCalledReason {
        rule: why.rule.clone(),
        facts: why.facts.clone(),
        at: why.at,
        next_due_at: next,
        zh,
        en,
    }
}

/// Returns the time zone for this customer's times: the one on record, or that of the first number's country.
fn local_zone(state: &CustomerState) -> &'static str {
    let known = state.numbers().first().and_then(|known| known.phone.value());
    zone_of(state.time_zone(), known.map(String::as_str)).name()
}

fn masked_id(value: Option<&Personal<String>>) -> Option<String> {
    masked(value, mask_external_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use application::reply_value::value;
    use domain::calling_plan::Basis;
    use domain::compliance::{Decision, Verdict};
    use domain::customer::event::CustomerEvent;
    use domain::ids::NumberId;
    use domain::phone_number::mask_e164;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn who_was_never_asked_behind_a_closed_window_hears_its_rule_and_when_it_opens() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let campaign: CampaignId = "T".parse().unwrap();
        let number: NumberId = "ffeeddccbbaa99887766554433221100".parse().unwrap();
        let enrolled = CustomerEvent::Enrolled {
            campaign: campaign.clone(),
            list: "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b".parse().unwrap(),
            number,
            basis: Basis::Contract,
            due_at: at("2026-03-02T10:00:00+08:00"),
            variables: BTreeMap::new(),
            placing: None,
        };
        let registered = CustomerEvent::Registered {
            external_id: Personal::open_hashed("C01".to_owned()),
            name: None,
            time_zone: Some("Asia/Shanghai".to_owned()),
        };
        let mut state = CustomerState::default();
        for event in [registered, enrolled] {
            Customer::evolve(&mut state, &event, at("2026-03-02T10:00:00+08:00"));
        }
        let enrolment = state.enrolment(&campaign).unwrap();
        let opens = at("2026-03-03T09:00:00+08:00");
        let closed = ClosedWindow {
            judged_at: at("2026-03-02T20:00:00+08:00"),
            until: opens,
            verdict: Verdict {
                rule: "calling_window".to_owned(),
                version: 1,
                effective_from: "2026-01-01".to_owned(),
                decision: Decision::DeferUntil(opens),
                facts: BTreeMap::from([("hours".to_owned(), "09:00-20:00".to_owned())]),
            },
        };
        let shown = value(&describe(
            &campaign,
            enrolment,
            &state,
            Some(&closed),
            NumberIdForm::AsStored,
        ));
        assert_eq!(shown["due_at"], json!(opens));
        let why = &shown["not_called"];
        assert_eq!(
            (&why["rule"], &why["next_due_at"]),
            (&json!("calling_window"), &json!(opens))
        );
        assert_eq!(why["at"], json!(closed.judged_at));
        assert_eq!(why["facts"]["hours"], "09:00-20:00");
        let zh = why["zh"].as_str().unwrap();
        assert!(
            zh.starts_with("不在允许的外呼时段") && zh.contains("下次可呼 2026-03-03 09:00"),
            "{zh}"
        );
        assert!(
            describe(&campaign, enrolment, &state, None, NumberIdForm::AsStored)
                .not_called
                .is_none()
        );
    }

    #[test]
    fn nothing_personal_is_shown_in_clear() {
        let id = Personal::open_hashed("110101199001011234".to_owned());
        assert_eq!(masked_id(Some(&id)).as_deref(), Some("****************34"));
        for (id, shown) in [("X3", "*3"), ("7", "*"), ("C01", "**1")] {
            let id = Personal::open_hashed(id.to_owned());
            assert_eq!(masked_id(Some(&id)).as_deref(), Some(shown));
        }
        let phone = Personal::open_hashed("+8613800138000".to_owned());
        assert_eq!(masked(Some(&phone), mask_e164).as_deref(), Some("138****8000"));
        assert_eq!(masked(None, mask_name), None);
    }
}
