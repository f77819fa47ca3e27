//! Kinds that may begin a story, of what is done at the doors: users, keys, approvals, settings, cases,
//! stops, retention.

use super::beginning::Beginning;
use domain::access::AccessEvent;
use domain::api_key::ApiKeyEvent;
use domain::approval::ApprovalEvent;
use domain::call::TestCallEvent;
use domain::campaign::event::CampaignEvent;
use domain::chart_note::ChartNoteEvent;
use domain::complaint::ComplaintEvent;
use domain::conversation::ConversationEvent;
use domain::draft::DraftEvent;
use domain::holiday::HolidayEvent;
use domain::knowledge::KnowledgeEvent;
use domain::label::LabelEvent;
use domain::message::MessageEvent;
use domain::model::ModelEvent;
use domain::person_request::PersonRequestEvent;
use domain::preference::PreferenceEvent;
use domain::registry::RegistryEvent;
use domain::report::ReportEvent;
use domain::retention::RetentionEvent;
use domain::routing::RoutingEvent;
use domain::routing_weights::RoutingWeightsEvent;
use domain::sample::SampleEvent;
use domain::setting::SettingEvent;
use domain::stop::StopEvent;
use domain::test_phones::TestPhonesEvent;
use domain::user::UserEvent;
use domain::voiceprint::VoiceprintEvent;
use domain::wording_draft::WordingDraftEvent;

/// As the list of all others: a kind, where it begins, and why without a cause.
pub(super) const AT_THE_DOORS: &[(&str, Beginning, &str)] = &[
    (
        KnowledgeEvent::IMPORTED,
        Beginning::Outside,
        "somebody brings a file of answers",
    ),
    (
        KnowledgeEvent::PUBLISHED,
        Beginning::Outside,
        "somebody makes a version of answers current",
    ),
    (
        WordingDraftEvent::ASKED,
        Beginning::Outside,
        "somebody wants other words for an answer from a model",
    ),
    (
        LabelEvent::REQUESTED,
        Beginning::Outside,
        "somebody puts a turn before people",
    ),
    (
        LabelEvent::OPENED,
        Beginning::Outside,
        "somebody is handed a turn to label",
    ),
    (LabelEvent::ADDED, Beginning::Outside, "somebody labels a turn"),
    (
        ModelEvent::TRAINED,
        Beginning::Outside,
        "somebody brings a model with what it was learned from",
    ),
    (
        ModelEvent::PUBLISHED,
        Beginning::Outside,
        "somebody publishes a model",
    ),
    (UserEvent::ADDED, Beginning::Outside, "somebody adds a user"),
    (
        UserEvent::INVITED,
        Beginning::Outside,
        "somebody invites a user again",
    ),
    (
        UserEvent::PASSWORD_CHOSEN,
        Beginning::Outside,
        "a user chooses a password",
    ),
    (
        UserEvent::ROLE_GRANTED,
        Beginning::Outside,
        "somebody gives a role",
    ),
    (
        UserEvent::ROLE_REVOKED,
        Beginning::Outside,
        "somebody takes a role",
    ),
    (UserEvent::SIGNED_IN, Beginning::Outside, "a user signs in"),
    (UserEvent::SIGNED_OUT, Beginning::Outside, "a user signs out"),
    (
        UserEvent::SIGN_IN_REFUSED,
        Beginning::Outside,
        "somebody tries to sign in",
    ),
    (
        UserEvent::SECOND_FACTOR_OFFERED,
        Beginning::Outside,
        "a user sets up a second factor",
    ),
    (
        UserEvent::SCOPE_CHANGED,
        Beginning::Outside,
        "somebody lets a user see other data",
    ),
    (
        UserEvent::SECOND_FACTOR_ADDED,
        Beginning::Outside,
        "its first code was right",
    ),
    (
        UserEvent::SECOND_FACTOR_RESET,
        Beginning::Outside,
        "somebody resets a second factor",
    ),
    (
        UserEvent::PROVIDER_LINKED,
        Beginning::Outside,
        "somebody links a user with an identity provider",
    ),
    (
        UserEvent::PROVIDER_UNLINKED,
        Beginning::Outside,
        "somebody ends that",
    ),
    (UserEvent::LOCKED, Beginning::Outside, "too many were wrong"),
    (UserEvent::DISABLED, Beginning::Outside, "a user is disabled"),
    (ApiKeyEvent::CREATED, Beginning::Outside, "somebody makes a key"),
    (ApiKeyEvent::REVOKED, Beginning::Outside, "somebody revokes a key"),
    (
        ApprovalEvent::REQUESTED,
        Beginning::Outside,
        "somebody asks for another person's approval",
    ),
    (
        ApprovalEvent::APPROVED,
        Beginning::Outside,
        "another person approves it",
    ),
    (ApprovalEvent::REJECTED, Beginning::Outside, "somebody rejects it"),
    (
        ApprovalEvent::USED,
        Beginning::Outside,
        "somebody does what was approved",
    ),
    (
        HolidayEvent::IMPORTED,
        Beginning::Outside,
        "somebody imports the holidays of a year",
    ),
    (
        RegistryEvent::IMPORTED,
        Beginning::Outside,
        "somebody imports a list that others keep",
    ),
    (DraftEvent::SAVED, Beginning::Outside, "somebody keeps a draft"),
    (
        DraftEvent::REMOVED,
        Beginning::Outside,
        "somebody is done with it",
    ),
    (
        PreferenceEvent::CHANGED,
        Beginning::Outside,
        "somebody prefers another language, theme or first page",
    ),
    (
        VoiceprintEvent::CONSENTED,
        Beginning::Outside,
        "somebody records a consent to a voiceprint",
    ),
    (
        VoiceprintEvent::ENROLLED,
        Beginning::Outside,
        "somebody brings a person's voice",
    ),
    (
        VoiceprintEvent::COMPARED,
        Beginning::Outside,
        "somebody compares a voice",
    ),
    (
        VoiceprintEvent::WITHDRAWN,
        Beginning::Outside,
        "a person withdraws their consent to a voiceprint",
    ),
    (
        VoiceprintEvent::DELETED,
        Beginning::Outside,
        "somebody deletes a voiceprint, or its consent is over",
    ),
    (
        SampleEvent::DRAWN,
        Beginning::Outside,
        "a user draws a sample of calls for an audit",
    ),
    (
        SampleEvent::FINDING_RECORDED,
        Beginning::Outside,
        "a user records what the audit of a call found",
    ),
    (
        SampleEvent::SIGNED_OFF,
        Beginning::Outside,
        "a user signs a sample off",
    ),
    (
        CampaignEvent::QUERY_READ,
        Beginning::Outside,
        "an import from a database ends, and how far it read is kept",
    ),
    (
        ReportEvent::ISSUED,
        Beginning::Clock,
        "a period ended, or a user issues a report",
    ),
    (
        LabelEvent::SETTLED,
        Beginning::Outside,
        "the label that settles a turn is stored in the same request",
    ),
    (
        ChartNoteEvent::ADDED,
        Beginning::Outside,
        "somebody notes something on a chart",
    ),
    (
        TestPhonesEvent::CHANGED,
        Beginning::Outside,
        "somebody says which phones are ours to try flows on",
    ),
    (
        TestCallEvent::STEP_RECORDED,
        Beginning::Outside,
        "somebody tries a campaign's flow on one of them",
    ),
    (
        RoutingWeightsEvent::CHANGED,
        Beginning::Outside,
        "somebody changes the weights of the routing score",
    ),
    (
        RoutingEvent::SCORED,
        Beginning::Outside,
        "somebody asks who should take a call",
    ),
    (
        SettingEvent::CHANGED,
        Beginning::Outside,
        "somebody changes a setting",
    ),
    (
        MessageEvent::ORDERED,
        Beginning::Outside,
        "somebody sends a message",
    ),
    (MessageEvent::REPLIED, Beginning::Outside, "somebody answers one"),
    (ComplaintEvent::OPENED, Beginning::Outside, "somebody complains"),
    (
        ConversationEvent::OPENED,
        Beginning::Outside,
        "somebody begins to write",
    ),
    (
        ComplaintEvent::ASSIGNED,
        Beginning::Outside,
        "somebody gives a complaint to somebody",
    ),
    (
        ComplaintEvent::RESOLVED,
        Beginning::Outside,
        "somebody answers it",
    ),
    (
        PersonRequestEvent::RECEIVED,
        Beginning::Outside,
        "a person asks about their own data",
    ),
    (
        PersonRequestEvent::ANSWERED,
        Beginning::Outside,
        "somebody answers the person",
    ),
    (
        RetentionEvent::PERIOD_SET,
        Beginning::Outside,
        "somebody sets how long it is kept",
    ),
    (
        RetentionEvent::DISPOSAL_BEGUN,
        Beginning::Clock,
        "a period is over",
    ),
    (
        RetentionEvent::REVIEWED,
        Beginning::Clock,
        "it is looked for what is due",
    ),
    (StopEvent::ENGAGED, Beginning::Outside, "somebody stops dialing"),
    (StopEvent::LIFTED, Beginning::Outside, "somebody lets it go on"),
    (
        AccessEvent::REFUSED,
        Beginning::Outside,
        "somebody tries what they may not",
    ),
];
