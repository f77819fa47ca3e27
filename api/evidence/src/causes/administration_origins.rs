//! Kinds that may begin a chain of causes: users, keys, approvals, settings, cases, stops, retention.

use super::cause_origins::CauseOrigin;
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
pub(super) const AT_THE_DOORS: &[(&str, CauseOrigin, &str)] = &[
    (
        KnowledgeEvent::IMPORTED,
        CauseOrigin::Outside,
        "a user imports a file of answers",
    ),
    (
        KnowledgeEvent::PUBLISHED,
        CauseOrigin::Outside,
        "a user publishes a version of answers",
    ),
    (
        WordingDraftEvent::ASKED,
        CauseOrigin::Outside,
        "a user requests another wording of an answer from a model",
    ),
    (
        LabelEvent::REQUESTED,
        CauseOrigin::Outside,
        "a user requests labels for a turn",
    ),
    (
        LabelEvent::OPENED,
        CauseOrigin::Outside,
        "a user receives a turn to label",
    ),
    (LabelEvent::ADDED, CauseOrigin::Outside, "a user labels a turn"),
    (
        ModelEvent::TRAINED,
        CauseOrigin::Outside,
        "a user uploads a model with its training data",
    ),
    (
        ModelEvent::PUBLISHED,
        CauseOrigin::Outside,
        "a user publishes a model",
    ),
    (UserEvent::ADDED, CauseOrigin::Outside, "a user adds another user"),
    (
        UserEvent::INVITED,
        CauseOrigin::Outside,
        "a user invites another user again",
    ),
    (
        UserEvent::PASSWORD_CHOSEN,
        CauseOrigin::Outside,
        "a user chooses a password",
    ),
    (
        UserEvent::ROLE_GRANTED,
        CauseOrigin::Outside,
        "a user adds a role",
    ),
    (
        UserEvent::ROLE_REVOKED,
        CauseOrigin::Outside,
        "a user removes a role",
    ),
    (UserEvent::SIGNED_IN, CauseOrigin::Outside, "a user signs in"),
    (UserEvent::SIGNED_OUT, CauseOrigin::Outside, "a user signs out"),
    (
        UserEvent::SIGN_IN_REFUSED,
        CauseOrigin::Outside,
        "a sign-in is attempted",
    ),
    (
        UserEvent::SECOND_FACTOR_OFFERED,
        CauseOrigin::Outside,
        "a user sets up a second factor",
    ),
    (
        UserEvent::SCOPE_CHANGED,
        CauseOrigin::Outside,
        "a user changes the data scope of another user",
    ),
    (
        UserEvent::SECOND_FACTOR_ADDED,
        CauseOrigin::Outside,
        "the first code of a second factor was correct",
    ),
    (
        UserEvent::SECOND_FACTOR_RESET,
        CauseOrigin::Outside,
        "a user resets a second factor",
    ),
    (
        UserEvent::PROVIDER_LINKED,
        CauseOrigin::Outside,
        "a user is linked to an identity provider",
    ),
    (
        UserEvent::PROVIDER_UNLINKED,
        CauseOrigin::Outside,
        "the link to an identity provider is removed",
    ),
    (
        UserEvent::LOCKED,
        CauseOrigin::Outside,
        "too many sign-in attempts failed",
    ),
    (UserEvent::DISABLED, CauseOrigin::Outside, "a user is disabled"),
    (
        ApiKeyEvent::CREATED,
        CauseOrigin::Outside,
        "a user creates an API key",
    ),
    (
        ApiKeyEvent::REVOKED,
        CauseOrigin::Outside,
        "a user revokes an API key",
    ),
    (
        ApprovalEvent::REQUESTED,
        CauseOrigin::Outside,
        "a user requests an approval",
    ),
    (
        ApprovalEvent::APPROVED,
        CauseOrigin::Outside,
        "another user approves the request",
    ),
    (
        ApprovalEvent::REJECTED,
        CauseOrigin::Outside,
        "a user rejects the request",
    ),
    (
        ApprovalEvent::USED,
        CauseOrigin::Outside,
        "a user performs the approved act",
    ),
    (
        HolidayEvent::IMPORTED,
        CauseOrigin::Outside,
        "a user imports the holidays of a year",
    ),
    (
        RegistryEvent::IMPORTED,
        CauseOrigin::Outside,
        "a user imports an edition of a registry",
    ),
    (DraftEvent::SAVED, CauseOrigin::Outside, "a user saves a draft"),
    (
        DraftEvent::REMOVED,
        CauseOrigin::Outside,
        "a user discards or completes a draft",
    ),
    (
        PreferenceEvent::CHANGED,
        CauseOrigin::Outside,
        "a user changes the language, theme or first page",
    ),
    (
        VoiceprintEvent::CONSENTED,
        CauseOrigin::Outside,
        "a user records a consent to a voiceprint",
    ),
    (
        VoiceprintEvent::ENROLLED,
        CauseOrigin::Outside,
        "a user enrols a voiceprint",
    ),
    (
        VoiceprintEvent::COMPARED,
        CauseOrigin::Outside,
        "a user compares a voice",
    ),
    (
        VoiceprintEvent::WITHDRAWN,
        CauseOrigin::Outside,
        "a consent to a voiceprint is withdrawn",
    ),
    (
        VoiceprintEvent::DELETED,
        CauseOrigin::Outside,
        "a user deletes a voiceprint, or its consent has ended",
    ),
    (
        SampleEvent::DRAWN,
        CauseOrigin::Outside,
        "a user draws a sample of calls for an audit",
    ),
    (
        SampleEvent::FINDING_RECORDED,
        CauseOrigin::Outside,
        "a user records the finding for a call",
    ),
    (
        SampleEvent::SIGNED_OFF,
        CauseOrigin::Outside,
        "a user signs a sample off",
    ),
    (
        CampaignEvent::QUERY_READ,
        CauseOrigin::Outside,
        "an import from a database ends, and its high-water mark is stored",
    ),
    (
        ReportEvent::ISSUED,
        CauseOrigin::Clock,
        "a period ended, or a user issues a report",
    ),
    (
        LabelEvent::SETTLED,
        CauseOrigin::Outside,
        "the label that settles a turn is stored in the same request",
    ),
    (
        ChartNoteEvent::ADDED,
        CauseOrigin::Outside,
        "a user adds a note to a chart",
    ),
    (
        TestPhonesEvent::CHANGED,
        CauseOrigin::Outside,
        "a user changes the list of test phones",
    ),
    (
        TestCallEvent::STEP_RECORDED,
        CauseOrigin::Outside,
        "a user makes a test call",
    ),
    (
        RoutingWeightsEvent::CHANGED,
        CauseOrigin::Outside,
        "a user changes the weights of the routing score",
    ),
    (
        RoutingEvent::SCORED,
        CauseOrigin::Outside,
        "a user requests the routing score of a call",
    ),
    (
        SettingEvent::CHANGED,
        CauseOrigin::Outside,
        "a user changes a setting",
    ),
    (
        MessageEvent::ORDERED,
        CauseOrigin::Outside,
        "a user sends a message",
    ),
    (
        MessageEvent::REPLIED,
        CauseOrigin::Outside,
        "a customer replies to a message",
    ),
    (
        ComplaintEvent::OPENED,
        CauseOrigin::Outside,
        "a complaint is recorded",
    ),
    (
        ConversationEvent::OPENED,
        CauseOrigin::Outside,
        "a customer starts a text conversation",
    ),
    (
        ComplaintEvent::ASSIGNED,
        CauseOrigin::Outside,
        "a user assigns a complaint",
    ),
    (
        ComplaintEvent::RESOLVED,
        CauseOrigin::Outside,
        "a user resolves a complaint",
    ),
    (
        PersonRequestEvent::RECEIVED,
        CauseOrigin::Outside,
        "a person makes a request about their own data",
    ),
    (
        PersonRequestEvent::ANSWERED,
        CauseOrigin::Outside,
        "a user answers the request of a person",
    ),
    (
        RetentionEvent::PERIOD_SET,
        CauseOrigin::Outside,
        "a user sets a retention period",
    ),
    (
        RetentionEvent::DISPOSAL_BEGUN,
        CauseOrigin::Clock,
        "a retention period has ended",
    ),
    (
        RetentionEvent::REVIEWED,
        CauseOrigin::Clock,
        "data is checked for the end of its retention period",
    ),
    (
        StopEvent::ENGAGED,
        CauseOrigin::Outside,
        "a user engages an emergency stop",
    ),
    (
        StopEvent::LIFTED,
        CauseOrigin::Outside,
        "a user lifts an emergency stop",
    ),
    (
        AccessEvent::REFUSED,
        CauseOrigin::Outside,
        "a user attempts an action without permission",
    ),
];
