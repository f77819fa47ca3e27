//! The list of event kinds that may begin a chain of causes; every other kind must name its cause. Kinds
//! about users, keys and cases, about deliveries to receivers, and about reads are in files of their own.

use super::beginning_at_doors::AT_THE_DOORS;
use super::beginning_at_receivers::AT_RECEIVERS;
use super::beginning_by_reading::BY_READING;
use domain::alert::event::AlertEvent;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::flow::event::FlowEvent;
use domain::installation::event::InstallationEvent;
use domain::number::event::NumberEvent;

/// The origin of a chain of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// A request of a person or another system, over HTTP or the command line.
    Outside,
    /// A timer, or the recovery after a crash.
    Clock,
}

impl Beginning {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Outside => "outside request 外部请求",
            Self::Clock => "clock or recovery 时钟或恢复",
        }
    }
}

/// Kinds that may have no cause: kind, origin, and reason. A driver that forgets its cause stores a kind that
/// is not listed here, and the check finds it.
const BEGINNINGS: &[(&str, Beginning, &str)] = &[
    (
        CustomerEvent::CALL_ASKED,
        Beginning::Outside,
        "a user or program requests a call of one customer now",
    ),
    (
        CallEvent::END_ORDERED,
        Beginning::Outside,
        "a user orders the end of the call",
    ),
    (
        FlowEvent::PUBLISHED,
        Beginning::Outside,
        "a user publishes a flow",
    ),
    (
        FlowEvent::ROLLED_BACK,
        Beginning::Outside,
        "a user rolls a flow back to an earlier version",
    ),
    (
        CampaignEvent::CREATED,
        Beginning::Outside,
        "a user creates a campaign",
    ),
    (
        CampaignEvent::STARTED,
        Beginning::Outside,
        "a user starts the campaign, or its start time is reached",
    ),
    (
        CampaignEvent::START_SCHEDULED,
        Beginning::Outside,
        "a user starts the campaign before its start time",
    ),
    (
        CampaignEvent::PAUSED,
        Beginning::Outside,
        "a user pauses the campaign, or it pauses because no trunk is available",
    ),
    (
        CampaignEvent::RESUMED,
        Beginning::Outside,
        "a user resumes the campaign",
    ),
    (
        CampaignEvent::STOPPED,
        Beginning::Outside,
        "a user stops the campaign",
    ),
    (
        CampaignEvent::LIST_OPENED,
        Beginning::Outside,
        "an import begins: the first event of a list",
    ),
    (
        CampaignEvent::LIST_CLOSED,
        Beginning::Outside,
        "the import closes the list with its count",
    ),
    (
        CampaignEvent::REOPENED,
        Beginning::Outside,
        "a list is imported after the campaign completed",
    ),
    (
        CampaignEvent::PLAN_CHANGED,
        Beginning::Outside,
        "a user changes the plan",
    ),
    (
        CampaignEvent::DIALS_GRANTED,
        Beginning::Clock,
        "the dialer sends the command when enrolments are due",
    ),
    (
        CampaignEvent::WINDOW_CLOSED,
        Beginning::Clock,
        "the dialer sends the command when enrolments are due, and calling hours are over",
    ),
    (
        CampaignEvent::ALERT_RAISED,
        Beginning::Clock,
        "several calls together raise it, or the absence of calls",
    ),
    (
        CampaignEvent::SEGMENT_FROZEN,
        Beginning::Outside,
        "a user sets the customers of the campaign",
    ),
    (
        CampaignEvent::TARGETS_SET,
        Beginning::Outside,
        "a user sets the targets of the campaign",
    ),
    (
        CampaignEvent::PREVIEW_OFFERED,
        Beginning::Outside,
        "an agent requests the next customer",
    ),
    (
        CampaignEvent::PREVIEW_ACCEPTED,
        Beginning::Outside,
        "an agent accepts the call",
    ),
    (
        CampaignEvent::PREVIEW_SKIPPED,
        Beginning::Outside,
        "an agent does not accept the call",
    ),
    (
        CampaignEvent::PREVIEWS_WITHDRAWN,
        Beginning::Clock,
        "an emergency stop is active",
    ),
    (
        CustomerEvent::PREVIEW_SKIPPED,
        Beginning::Outside,
        "an agent skips the customer shown",
    ),
    (
        CampaignEvent::PROMOTED,
        Beginning::Outside,
        "a user promotes the campaign to its next stage",
    ),
    (
        AlertEvent::RAISED,
        Beginning::Clock,
        "a figure over many events exceeds its limit",
    ),
    (
        AlertEvent::CLEARED,
        Beginning::Clock,
        "the figure is within its limit again",
    ),
    (
        AlertEvent::ESCALATED,
        Beginning::Clock,
        "the alert was active too long without being acknowledged",
    ),
    (
        AlertEvent::ACKNOWLEDGED,
        Beginning::Outside,
        "a user acknowledges the alert",
    ),
    (AlertEvent::MUTED, Beginning::Outside, "a user mutes the alert"),
    (
        CampaignEvent::COMPLETED,
        Beginning::Clock,
        "checked again at every start",
    ),
    (
        CustomerEvent::CONSENT_RECORDED,
        Beginning::Outside,
        "a user records a consent",
    ),
    (
        CustomerEvent::CONSENT_WITHDRAWN,
        Beginning::Outside,
        "a user withdraws the consent",
    ),
    (
        CampaignEvent::ANONYMIZATION_BEGUN,
        Beginning::Outside,
        "a user anonymizes the campaign",
    ),
    (
        CampaignEvent::LIST_UNDONE,
        Beginning::Outside,
        "a user undoes a list",
    ),
    (
        CustomerEvent::ENROLMENT_WITHDRAWN,
        Beginning::Outside,
        "a user withdraws customers from a campaign",
    ),
    (CustomerEvent::HELD, Beginning::Outside, "a user orders a hold"),
    (
        CustomerEvent::HOLD_RELEASED,
        Beginning::Outside,
        "a user ends the hold",
    ),
    (
        CustomerEvent::ASSIGNED,
        Beginning::Outside,
        "a user assigns the customer to a user or a team",
    ),
    (
        CustomerEvent::CALLBACK_REQUESTED,
        Beginning::Outside,
        "a user notes a callback for the customer",
    ),
    (
        CustomerEvent::CALLBACK_ENDED,
        Beginning::Outside,
        "a user cancels or replaces a callback, or it has expired when a dial is requested",
    ),
    (
        CustomerEvent::NUMBER_CONFIRMED,
        Beginning::Outside,
        "a user confirms a number that was stored without its country",
    ),
    (
        CustomerEvent::CAPS_SET,
        Beginning::Outside,
        "a user caps the calls to the customer",
    ),
    (
        CustomerEvent::PREFERRED_TIMES_SET,
        Beginning::Outside,
        "a user sets the preferred times of the customer",
    ),
    (
        CustomerEvent::DEAL_REPORTED,
        Beginning::Outside,
        "another system reports a deal after a call",
    ),
    (
        CustomerEvent::HISTORY_IMPORTED,
        Beginning::Outside,
        "a user imports calls that another system recorded",
    ),
    (
        CustomerEvent::MERGED,
        Beginning::Outside,
        "a user merges two ids of one customer",
    ),
    (
        CustomerEvent::UNMERGED,
        Beginning::Outside,
        "a user undoes a merge",
    ),
    (
        CustomerEvent::UNASSIGNED,
        Beginning::Outside,
        "a user removes the assignment of the customer",
    ),
    (
        CustomerEvent::ATTRIBUTES_SET,
        Beginning::Outside,
        "a user sets attributes of the customer",
    ),
    (
        CustomerEvent::TAGGED,
        Beginning::Outside,
        "a user tags the customer",
    ),
    (
        CustomerEvent::ERASURE_REQUESTED,
        Beginning::Outside,
        "a user requests an erasure",
    ),
    (
        CustomerEvent::ERASED,
        Beginning::Outside,
        "carried out in the same request when no call is open",
    ),
    (
        NumberEvent::OPTED_OUT,
        Beginning::Outside,
        "a user opts a number out; an opt-out by keypress names the call",
    ),
    (
        NumberEvent::LISTED,
        Beginning::Outside,
        "a user puts a number on a list",
    ),
    (
        NumberEvent::HISTORY_IMPORTED,
        Beginning::Outside,
        "a user imports calls that another system recorded",
    ),
    (
        NumberEvent::STATE_CHECKED,
        Beginning::Outside,
        "a user checks whether numbers are vacant",
    ),
    (
        NumberEvent::UNLISTED,
        Beginning::Outside,
        "a user removes a number from a list",
    ),
    (
        NumberEvent::SUPPRESSED,
        Beginning::Outside,
        "a user suppresses a number",
    ),
    (
        InstallationEvent::CLOCK_OFFSET_MEASURED,
        Beginning::Clock,
        "the clock is compared with another from time to time",
    ),
    (
        InstallationEvent::CLOCK_DOUBTED,
        Beginning::Clock,
        "the machine's clock was set, or is before the end of the log",
    ),
    (
        InstallationEvent::CLOCK_TRUSTED,
        Beginning::Clock,
        "the machine's clock is trusted again",
    ),
    (
        InstallationEvent::RESTORED,
        Beginning::Outside,
        "a backup was restored",
    ),
    (
        InstallationEvent::NAMED,
        Beginning::Outside,
        "log and keys are opened together for the first time",
    ),
    (
        InstallationEvent::KEYS_RESTORED,
        Beginning::Outside,
        "a backup of keys was restored",
    ),
    (
        InstallationEvent::HISTORY_LOST,
        Beginning::Outside,
        "the log lacks events that were known",
    ),
    (
        InstallationEvent::INDEX_REMADE,
        Beginning::Outside,
        "a log with a damaged index was opened",
    ),
    (
        InstallationEvent::DIALING_CONFIRMED,
        Beginning::Outside,
        "a user confirms that dialing may resume",
    ),
];

fn all_beginnings() -> impl Iterator<Item = &'static (&'static str, Beginning, &'static str)> {
    let lists = [BEGINNINGS, AT_THE_DOORS, AT_RECEIVERS, BY_READING];
    lists.into_iter().flatten()
}

/// Returns the origin of a chain that begins with this kind; `None` if the kind must name its cause.
pub(crate) fn beginning_of(kind: &str) -> Option<Beginning> {
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
