//! Kinds that may begin a chain of causes: users, keys, approvals, settings, cases, stops, retention.

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

/// Kind, origin, and the reason why it may have no cause.
pub(super) const AT_THE_DOORS: &[(&str, Beginning, &str)] = &[
    (
        KnowledgeEvent::IMPORTED,
        Beginning::Outside,
        "a user imports a file of answers",
    ),
    (
        KnowledgeEvent::PUBLISHED,
        Beginning::Outside,
        "a user publishes a version of answers",
    ),
    (
        WordingDraftEvent::ASKED,
        Beginning::Outside,
        "a user requests another wording of an answer from a model",
    ),
    (
        LabelEvent::REQUESTED,
        Beginning::Outside,
        "a user requests labels for a turn",
    ),
    (
        LabelEvent::OPENED,
        Beginning::Outside,
        "a user receives a turn to label",
    ),
    (LabelEvent::ADDED, Beginning::Outside, "a user labels a turn"),
    (
        ModelEvent::TRAINED,
        Beginning::Outside,
        "a user uploads a model with its training data",
    ),
    (
        ModelEvent::PUBLISHED,
        Beginning::Outside,
        "a user publishes a model",
    ),
    (UserEvent::ADDED, Beginning::Outside, "a user adds another user"),
    (
        UserEvent::INVITED,
        Beginning::Outside,
        "a user invites another user again",
    ),
    (
        UserEvent::PASSWORD_CHOSEN,
        Beginning::Outside,
        "a user chooses a password",
    ),
    (UserEvent::ROLE_GRANTED, Beginning::Outside, "a user adds a role"),
    (
        UserEvent::ROLE_REVOKED,
        Beginning::Outside,
        "a user removes a role",
    ),
    (UserEvent::SIGNED_IN, Beginning::Outside, "a user signs in"),
    (UserEvent::SIGNED_OUT, Beginning::Outside, "a user signs out"),
    (
        UserEvent::SIGN_IN_REFUSED,
        Beginning::Outside,
        "a sign-in is attempted",
    ),
    (
        UserEvent::SECOND_FACTOR_OFFERED,
        Beginning::Outside,
        "a user sets up a second factor",
    ),
    (
        UserEvent::SCOPE_CHANGED,
        Beginning::Outside,
        "a user changes the data scope of another user",
    ),
    (
        UserEvent::SECOND_FACTOR_ADDED,
        Beginning::Outside,
        "the first code of a second factor was correct",
    ),
    (
        UserEvent::SECOND_FACTOR_RESET,
        Beginning::Outside,
        "a user resets a second factor",
    ),
    (
        UserEvent::PROVIDER_LINKED,
        Beginning::Outside,
        "a user is linked to an identity provider",
    ),
    (
        UserEvent::PROVIDER_UNLINKED,
        Beginning::Outside,
        "the link to an identity provider is removed",
    ),
    (
        UserEvent::LOCKED,
        Beginning::Outside,
        "too many sign-in attempts failed",
    ),
    (UserEvent::DISABLED, Beginning::Outside, "a user is disabled"),
    (
        ApiKeyEvent::CREATED,
        Beginning::Outside,
        "a user creates an API key",
    ),
    (
        ApiKeyEvent::REVOKED,
        Beginning::Outside,
        "a user revokes an API key",
    ),
    (
        ApprovalEvent::REQUESTED,
        Beginning::Outside,
        "a user requests an approval",
    ),
    (
        ApprovalEvent::APPROVED,
        Beginning::Outside,
        "another user approves the request",
    ),
    (
        ApprovalEvent::REJECTED,
        Beginning::Outside,
        "a user rejects the request",
    ),
    (
        ApprovalEvent::USED,
        Beginning::Outside,
        "a user performs the approved act",
    ),
    (
        HolidayEvent::IMPORTED,
        Beginning::Outside,
        "a user imports the holidays of a year",
    ),
    (
        RegistryEvent::IMPORTED,
        Beginning::Outside,
        "a user imports an edition of a registry",
    ),
    (DraftEvent::SAVED, Beginning::Outside, "a user saves a draft"),
    (
        DraftEvent::REMOVED,
        Beginning::Outside,
        "a user discards or completes a draft",
    ),
    (
        PreferenceEvent::CHANGED,
        Beginning::Outside,
        "a user changes the language, theme or first page",
    ),
    (
        VoiceprintEvent::CONSENTED,
        Beginning::Outside,
        "a user records a consent to a voiceprint",
    ),
    (
        VoiceprintEvent::ENROLLED,
        Beginning::Outside,
        "a user enrols a voiceprint",
    ),
    (
        VoiceprintEvent::COMPARED,
        Beginning::Outside,
        "a user compares a voice",
    ),
    (
        VoiceprintEvent::WITHDRAWN,
        Beginning::Outside,
        "a consent to a voiceprint is withdrawn",
    ),
    (
        VoiceprintEvent::DELETED,
        Beginning::Outside,
        "a user deletes a voiceprint, or its consent has ended",
    ),
    (
        SampleEvent::DRAWN,
        Beginning::Outside,
        "a user draws a sample of calls for an audit",
    ),
    (
        SampleEvent::FINDING_RECORDED,
        Beginning::Outside,
        "a user records the finding for a call",
    ),
    (
        SampleEvent::SIGNED_OFF,
        Beginning::Outside,
        "a user signs a sample off",
    ),
    (
        CampaignEvent::QUERY_READ,
        Beginning::Outside,
        "an import from a database ends, and its high-water mark is stored",
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
        "a user adds a note to a chart",
    ),
    (
        TestPhonesEvent::CHANGED,
        Beginning::Outside,
        "a user changes the list of test phones",
    ),
    (
        TestCallEvent::STEP_RECORDED,
        Beginning::Outside,
        "a user makes a test call",
    ),
    (
        RoutingWeightsEvent::CHANGED,
        Beginning::Outside,
        "a user changes the weights of the routing score",
    ),
    (
        RoutingEvent::SCORED,
        Beginning::Outside,
        "a user requests the routing score of a call",
    ),
    (
        SettingEvent::CHANGED,
        Beginning::Outside,
        "a user changes a setting",
    ),
    (
        MessageEvent::ORDERED,
        Beginning::Outside,
        "a user sends a message",
    ),
    (
        MessageEvent::REPLIED,
        Beginning::Outside,
        "a customer replies to a message",
    ),
    (
        ComplaintEvent::OPENED,
        Beginning::Outside,
        "a complaint is recorded",
    ),
    (
        ConversationEvent::OPENED,
        Beginning::Outside,
        "a customer starts a text conversation",
    ),
    (
        ComplaintEvent::ASSIGNED,
        Beginning::Outside,
        "a user assigns a complaint",
    ),
    (
        ComplaintEvent::RESOLVED,
        Beginning::Outside,
        "a user resolves a complaint",
    ),
    (
        PersonRequestEvent::RECEIVED,
        Beginning::Outside,
        "a person makes a request about their own data",
    ),
    (
        PersonRequestEvent::ANSWERED,
        Beginning::Outside,
        "a user answers the request of a person",
    ),
    (
        RetentionEvent::PERIOD_SET,
        Beginning::Outside,
        "a user sets a retention period",
    ),
    (
        RetentionEvent::DISPOSAL_BEGUN,
        Beginning::Clock,
        "a retention period has ended",
    ),
    (
        RetentionEvent::REVIEWED,
        Beginning::Clock,
        "data is checked for the end of its retention period",
    ),
    (
        StopEvent::ENGAGED,
        Beginning::Outside,
        "a user engages an emergency stop",
    ),
    (
        StopEvent::LIFTED,
        Beginning::Outside,
        "a user lifts an emergency stop",
    ),
    (
        AccessEvent::REFUSED,
        Beginning::Outside,
        "a user attempts an action without permission",
    ),
];
