//! The list of event kinds that may begin a chain of causes; every other kind must name its cause. Kinds
//! about users, keys and cases, about deliveries to receivers, and about reads are in files of their own.

use super::administration_origins::AT_THE_DOORS;
use super::read_origins::BY_READING;
use super::receiver_origins::AT_RECEIVERS;
use domain::alert::event::AlertEvent;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::flow::event::FlowEvent;
use domain::installation::event::InstallationEvent;
use domain::number::event::NumberEvent;

/// The origin of a chain of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CauseOrigin {
    /// A request of a person or another system, over HTTP or the command line.
    Outside,
    /// A timer, or the recovery after a crash.
    Clock,
}

impl CauseOrigin {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Outside => "outside request 外部请求",
            Self::Clock => "clock or recovery 时钟或恢复",
        }
    }
}

/// Kinds of events that may have no cause: kind, origin, and reason. A driver that forgets a cause stores a
/// kind that is not listed here, which the check reports.
const BEGINNINGS: &[(&str, CauseOrigin, &str)] = &[
    (
        CustomerEvent::CALL_ASKED,
        CauseOrigin::Outside,
        "a user or program requests a call of one customer now",
    ),
    (
        CallEvent::END_ORDERED,
        CauseOrigin::Outside,
        "a user orders the end of the call",
    ),
    (
        FlowEvent::PUBLISHED,
        CauseOrigin::Outside,
        "a user publishes a flow",
    ),
    (
        FlowEvent::ROLLED_BACK,
        CauseOrigin::Outside,
        "a user rolls a flow back to an earlier version",
    ),
    (
        CampaignEvent::CREATED,
        CauseOrigin::Outside,
        "a user creates a campaign",
    ),
    (
        CampaignEvent::STARTED,
        CauseOrigin::Outside,
        "a user starts the campaign, or its start time is reached",
    ),
    (
        CampaignEvent::START_SCHEDULED,
        CauseOrigin::Outside,
        "a user starts the campaign before its start time",
    ),
    (
        CampaignEvent::PAUSED,
        CauseOrigin::Outside,
        "a user pauses the campaign, or it pauses because no trunk is available",
    ),
    (
        CampaignEvent::RESUMED,
        CauseOrigin::Outside,
        "a user resumes the campaign",
    ),
    (
        CampaignEvent::STOPPED,
        CauseOrigin::Outside,
        "a user stops the campaign",
    ),
    (
        CampaignEvent::LIST_OPENED,
        CauseOrigin::Outside,
        "an import begins: the first event of a list",
    ),
    (
        CampaignEvent::LIST_CLOSED,
        CauseOrigin::Outside,
        "the import closes the list with its count",
    ),
    (
        CampaignEvent::REOPENED,
        CauseOrigin::Outside,
        "a list is imported after the campaign completed",
    ),
    (
        CampaignEvent::PLAN_CHANGED,
        CauseOrigin::Outside,
        "a user changes the plan",
    ),
    (
        CampaignEvent::DIALS_GRANTED,
        CauseOrigin::Clock,
        "the dialer sends the command when enrolments are due",
    ),
    (
        CampaignEvent::WINDOW_CLOSED,
        CauseOrigin::Clock,
        "the dialer sends the command when enrolments are due, and calling hours are over",
    ),
    (
        CampaignEvent::ALERT_RAISED,
        CauseOrigin::Clock,
        "several calls together raise it, or the absence of calls",
    ),
    (
        CampaignEvent::SEGMENT_FROZEN,
        CauseOrigin::Outside,
        "a user sets the customers of the campaign",
    ),
    (
        CampaignEvent::TARGETS_SET,
        CauseOrigin::Outside,
        "a user sets the targets of the campaign",
    ),
    (
        CampaignEvent::PREVIEW_OFFERED,
        CauseOrigin::Outside,
        "an agent requests the next customer",
    ),
    (
        CampaignEvent::PREVIEW_ACCEPTED,
        CauseOrigin::Outside,
        "an agent accepts the call",
    ),
    (
        CampaignEvent::PREVIEW_SKIPPED,
        CauseOrigin::Outside,
        "an agent does not accept the call",
    ),
    (
        CampaignEvent::PREVIEWS_WITHDRAWN,
        CauseOrigin::Clock,
        "an emergency stop is active",
    ),
    (
        CustomerEvent::PREVIEW_SKIPPED,
        CauseOrigin::Outside,
        "an agent skips the customer shown",
    ),
    (
        CampaignEvent::PROMOTED,
        CauseOrigin::Outside,
        "a user promotes the campaign to its next stage",
    ),
    (
        AlertEvent::RAISED,
        CauseOrigin::Clock,
        "a figure over many events exceeds its limit",
    ),
    (
        AlertEvent::CLEARED,
        CauseOrigin::Clock,
        "the figure is within its limit again",
    ),
    (
        AlertEvent::ESCALATED,
        CauseOrigin::Clock,
        "the alert was active too long without being acknowledged",
    ),
    (
        AlertEvent::ACKNOWLEDGED,
        CauseOrigin::Outside,
        "a user acknowledges the alert",
    ),
    (AlertEvent::MUTED, CauseOrigin::Outside, "a user mutes the alert"),
    (
        CampaignEvent::COMPLETED,
        CauseOrigin::Clock,
        "checked again at every start",
    ),
    (
        CustomerEvent::CONSENT_RECORDED,
        CauseOrigin::Outside,
        "a user records a consent",
    ),
    (
        CustomerEvent::CONSENT_WITHDRAWN,
        CauseOrigin::Outside,
        "a user withdraws the consent",
    ),
    (
        CampaignEvent::ANONYMIZATION_BEGUN,
        CauseOrigin::Outside,
        "a user anonymizes the campaign",
    ),
    (
        CampaignEvent::LIST_UNDONE,
        CauseOrigin::Outside,
        "a user undoes a list",
    ),
    (
        CustomerEvent::ENROLMENT_WITHDRAWN,
        CauseOrigin::Outside,
        "a user withdraws customers from a campaign",
    ),
    (CustomerEvent::HELD, CauseOrigin::Outside, "a user orders a hold"),
    (
        CustomerEvent::HOLD_RELEASED,
        CauseOrigin::Outside,
        "a user ends the hold",
    ),
    (
        CustomerEvent::ASSIGNED,
        CauseOrigin::Outside,
        "a user assigns the customer to a user or a team",
    ),
    (
        CustomerEvent::CALLBACK_REQUESTED,
        CauseOrigin::Outside,
        "a user notes a callback for the customer",
    ),
    (
        CustomerEvent::CALLBACK_ENDED,
        CauseOrigin::Outside,
        "a user cancels or replaces a callback, or it has expired when a dial is requested",
    ),
    (
        CustomerEvent::NUMBER_CONFIRMED,
        CauseOrigin::Outside,
        "a user confirms a number that was stored without its country",
    ),
    (
        CustomerEvent::CAPS_SET,
        CauseOrigin::Outside,
        "a user caps the calls to the customer",
    ),
    (
        CustomerEvent::PREFERRED_TIMES_SET,
        CauseOrigin::Outside,
        "a user sets the preferred times of the customer",
    ),
    (
        CustomerEvent::DEAL_REPORTED,
        CauseOrigin::Outside,
        "another system reports a deal after a call",
    ),
    (
        CustomerEvent::HISTORY_IMPORTED,
        CauseOrigin::Outside,
        "a user imports calls that another system recorded",
    ),
    (
        CustomerEvent::MERGED,
        CauseOrigin::Outside,
        "a user merges two ids of one customer",
    ),
    (
        CustomerEvent::UNMERGED,
        CauseOrigin::Outside,
        "a user undoes a merge",
    ),
    (
        CustomerEvent::UNASSIGNED,
        CauseOrigin::Outside,
        "a user removes the assignment of the customer",
    ),
    (
        CustomerEvent::ATTRIBUTES_SET,
        CauseOrigin::Outside,
        "a user sets attributes of the customer",
    ),
    (
        CustomerEvent::TAGGED,
        CauseOrigin::Outside,
        "a user tags the customer",
    ),
    (
        CustomerEvent::ERASURE_REQUESTED,
        CauseOrigin::Outside,
        "a user requests an erasure",
    ),
    (
        CustomerEvent::ERASED,
        CauseOrigin::Outside,
        "carried out in the same request when no call is open",
    ),
    (
        NumberEvent::OPTED_OUT,
        CauseOrigin::Outside,
        "a user opts a number out; an opt-out by keypress names the call",
    ),
    (
        NumberEvent::LISTED,
        CauseOrigin::Outside,
        "a user puts a number on a list",
    ),
    (
        NumberEvent::HISTORY_IMPORTED,
        CauseOrigin::Outside,
        "a user imports calls that another system recorded",
    ),
    (
        NumberEvent::STATE_CHECKED,
        CauseOrigin::Outside,
        "a user checks whether numbers are vacant",
    ),
    (
        NumberEvent::UNLISTED,
        CauseOrigin::Outside,
        "a user removes a number from a list",
    ),
    (
        NumberEvent::SUPPRESSED,
        CauseOrigin::Outside,
        "a user suppresses a number",
    ),
    (
        InstallationEvent::CLOCK_OFFSET_MEASURED,
        CauseOrigin::Clock,
        "the clock is compared with another from time to time",
    ),
    (
        InstallationEvent::CLOCK_DOUBTED,
        CauseOrigin::Clock,
        "the machine's clock was set, or is before the end of the log",
    ),
    (
        InstallationEvent::CLOCK_TRUSTED,
        CauseOrigin::Clock,
        "the machine's clock is trusted again",
    ),
    (
        InstallationEvent::RESTORED,
        CauseOrigin::Outside,
        "a backup was restored",
    ),
    (
        InstallationEvent::NAMED,
        CauseOrigin::Outside,
        "log and keys are opened together for the first time",
    ),
    (
        InstallationEvent::KEYS_RESTORED,
        CauseOrigin::Outside,
        "a backup of keys was restored",
    ),
    (
        InstallationEvent::HISTORY_LOST,
        CauseOrigin::Outside,
        "the log lacks events that were known",
    ),
    (
        InstallationEvent::INDEX_REMADE,
        CauseOrigin::Outside,
        "a log with a damaged index was opened",
    ),
    (
        InstallationEvent::DIALING_CONFIRMED,
        CauseOrigin::Outside,
        "a user confirms that dialing may resume",
    ),
];

fn all_beginnings() -> impl Iterator<Item = &'static (&'static str, CauseOrigin, &'static str)> {
    let lists = [BEGINNINGS, AT_THE_DOORS, AT_RECEIVERS, BY_READING];
    lists.into_iter().flatten()
}

/// Returns the origin of a chain that begins with this kind; `None` if the kind must name its cause.
pub(crate) fn beginning_of(kind: &str) -> Option<CauseOrigin> {
    let mut all = all_beginnings();
    all.find(|(known, _, _)| *known == kind).map(|(_, by, _)| *by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_begins_a_story_twice_and_each_says_why() {
        let all = all_beginnings;
        let mut kinds: Vec<_> = all().map(|(kind, _, _)| kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), all().count());
        assert!(all().all(|(_, _, why)| why.len() > 10));
        assert_eq!(beginning_of("call.ended"), None);
    }
}
