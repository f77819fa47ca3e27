//! The one list of kinds that may begin a story: whatever is not here names its cause. What is done at the
//! doors (users, keys, cases …), what is sent to receivers, and reads have files of their own.

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

/// Where a story can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// A person or another system asked, over HTTP or the command line.
    Outside,
    /// A timer ran out, or what a crash left was closed.
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

/// Kinds that may stand without a cause, and why. A driver that forgets its cause is caught by not being
/// here.
const BEGINNINGS: &[(&str, Beginning, &str)] = &[
    (
        CustomerEvent::CALL_ASKED,
        Beginning::Outside,
        "somebody wants one person called now",
    ),
    (
        CallEvent::END_ORDERED,
        Beginning::Outside,
        "somebody orders that the call ends",
    ),
    (
        FlowEvent::PUBLISHED,
        Beginning::Outside,
        "somebody publishes a flow",
    ),
    (
        FlowEvent::ROLLED_BACK,
        Beginning::Outside,
        "somebody goes back to an earlier version of a flow",
    ),
    (
        CampaignEvent::CREATED,
        Beginning::Outside,
        "somebody makes a campaign",
    ),
    (
        CampaignEvent::STARTED,
        Beginning::Outside,
        "somebody starts it, or its time has come",
    ),
    (
        CampaignEvent::START_SCHEDULED,
        Beginning::Outside,
        "somebody starts it before its time",
    ),
    (
        CampaignEvent::PAUSED,
        Beginning::Outside,
        "somebody pauses it, or it pauses itself for want of a trunk",
    ),
    (CampaignEvent::RESUMED, Beginning::Outside, "somebody resumes it"),
    (CampaignEvent::STOPPED, Beginning::Outside, "somebody stops it"),
    (
        CampaignEvent::LIST_OPENED,
        Beginning::Outside,
        "an import begins: the first event of a list",
    ),
    (
        CampaignEvent::LIST_CLOSED,
        Beginning::Outside,
        "the import's own count closes it",
    ),
    (CampaignEvent::REOPENED, Beginning::Outside, "a list comes later"),
    (CampaignEvent::PLAN_CHANGED, Beginning::Outside, "a user asks"),
    (
        CampaignEvent::DIALS_GRANTED,
        Beginning::Clock,
        "the dialer asks when enrolments fall due",
    ),
    (
        CampaignEvent::WINDOW_CLOSED,
        Beginning::Clock,
        "the dialer asks when enrolments fall due, and the hours are over",
    ),
    (
        CampaignEvent::ALERT_RAISED,
        Beginning::Clock,
        "several calls together, or none at all, raise it",
    ),
    (
        CampaignEvent::SEGMENT_FROZEN,
        Beginning::Outside,
        "somebody says whom it is for",
    ),
    (
        CampaignEvent::TARGETS_SET,
        Beginning::Outside,
        "somebody says what it is to reach",
    ),
    (
        CampaignEvent::PREVIEW_OFFERED,
        Beginning::Outside,
        "an agent asks whom to call next",
    ),
    (
        CampaignEvent::PREVIEW_ACCEPTED,
        Beginning::Outside,
        "an agent takes the call",
    ),
    (
        CampaignEvent::PREVIEW_SKIPPED,
        Beginning::Outside,
        "an agent does not take the call",
    ),
    (
        CampaignEvent::PREVIEWS_WITHDRAWN,
        Beginning::Clock,
        "an emergency stop is active",
    ),
    (
        CustomerEvent::PREVIEW_SKIPPED,
        Beginning::Outside,
        "an agent does not call whom they were shown",
    ),
    (
        CampaignEvent::PROMOTED,
        Beginning::Outside,
        "somebody lets it go on to its next stage",
    ),
    (
        AlertEvent::RAISED,
        Beginning::Clock,
        "a figure over many events went beyond its limit",
    ),
    (
        AlertEvent::CLEARED,
        Beginning::Clock,
        "it is within its limit again",
    ),
    (
        AlertEvent::ESCALATED,
        Beginning::Clock,
        "it stood too long with nobody seeing to it",
    ),
    (
        AlertEvent::ACKNOWLEDGED,
        Beginning::Outside,
        "somebody sees to it",
    ),
    (AlertEvent::MUTED, Beginning::Outside, "somebody mutes it"),
    (
        CampaignEvent::COMPLETED,
        Beginning::Clock,
        "looked at again at every start",
    ),
    (
        CustomerEvent::CONSENT_RECORDED,
        Beginning::Outside,
        "somebody records a consent",
    ),
    (
        CustomerEvent::CONSENT_WITHDRAWN,
        Beginning::Outside,
        "somebody withdraws it",
    ),
    (
        CampaignEvent::ANONYMIZATION_BEGUN,
        Beginning::Outside,
        "somebody makes its persons unknowable",
    ),
    (
        CampaignEvent::LIST_UNDONE,
        Beginning::Outside,
        "somebody takes a whole list back",
    ),
    (
        CustomerEvent::ENROLMENT_WITHDRAWN,
        Beginning::Outside,
        "somebody takes people out of a campaign",
    ),
    (CustomerEvent::HELD, Beginning::Outside, "somebody orders a hold"),
    (
        CustomerEvent::HOLD_RELEASED,
        Beginning::Outside,
        "somebody ends it",
    ),
    (
        CustomerEvent::ASSIGNED,
        Beginning::Outside,
        "somebody gives the person to a user or a team",
    ),
    (
        CustomerEvent::CALLBACK_REQUESTED,
        Beginning::Outside,
        "somebody notes a time for calling the person again",
    ),
    (
        CustomerEvent::CALLBACK_ENDED,
        Beginning::Outside,
        "somebody cancels or replaces a callback, or its time is over when a dial is asked for",
    ),
    (
        CustomerEvent::NUMBER_CONFIRMED,
        Beginning::Outside,
        "a user confirms a number that was stored without its country",
    ),
    (
        CustomerEvent::CAPS_SET,
        Beginning::Outside,
        "somebody caps the calls to the person",
    ),
    (
        CustomerEvent::PREFERRED_TIMES_SET,
        Beginning::Outside,
        "somebody says when the person prefers to be called",
    ),
    (
        CustomerEvent::DEAL_REPORTED,
        Beginning::Outside,
        "another system reports what came of a call",
    ),
    (
        CustomerEvent::HISTORY_IMPORTED,
        Beginning::Outside,
        "somebody imports what another system recorded",
    ),
    (
        CustomerEvent::MERGED,
        Beginning::Outside,
        "somebody says that two ids are one person",
    ),
    (
        CustomerEvent::UNMERGED,
        Beginning::Outside,
        "somebody says that two ids are two persons after all",
    ),
    (
        CustomerEvent::UNASSIGNED,
        Beginning::Outside,
        "somebody takes the person back",
    ),
    (
        CustomerEvent::ATTRIBUTES_SET,
        Beginning::Outside,
        "somebody says what is known of the person",
    ),
    (
        CustomerEvent::TAGGED,
        Beginning::Outside,
        "somebody tags the person",
    ),
    (
        CustomerEvent::ERASURE_REQUESTED,
        Beginning::Outside,
        "somebody asks for an erasure",
    ),
    (
        CustomerEvent::ERASED,
        Beginning::Outside,
        "in the same request, when no call is open",
    ),
    (
        NumberEvent::OPTED_OUT,
        Beginning::Outside,
        "somebody opts a number out; by key it names the call",
    ),
    (
        NumberEvent::LISTED,
        Beginning::Outside,
        "somebody puts a number on a list",
    ),
    (
        NumberEvent::HISTORY_IMPORTED,
        Beginning::Outside,
        "somebody imports what another system recorded",
    ),
    (
        NumberEvent::STATE_CHECKED,
        Beginning::Outside,
        "somebody has numbers checked for vacancy",
    ),
    (
        NumberEvent::UNLISTED,
        Beginning::Outside,
        "somebody takes a number off a list",
    ),
    (
        NumberEvent::SUPPRESSED,
        Beginning::Outside,
        "somebody suppresses a number",
    ),
    (
        InstallationEvent::CLOCK_OFFSET_MEASURED,
        Beginning::Clock,
        "the clock is compared with another from time to time",
    ),
    (
        InstallationEvent::CLOCK_DOUBTED,
        Beginning::Clock,
        "the machine's clock was set, or stands before the log's end",
    ),
    (
        InstallationEvent::CLOCK_TRUSTED,
        Beginning::Clock,
        "the machine's clock is believed again",
    ),
    (
        InstallationEvent::RESTORED,
        Beginning::Outside,
        "a backup was restored",
    ),
    (
        InstallationEvent::NAMED,
        Beginning::Outside,
        "log and keys are opened together the first time",
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
        "a log was opened whose index was damaged",
    ),
    (
        InstallationEvent::DIALING_CONFIRMED,
        Beginning::Outside,
        "somebody lets it dial again",
    ),
];

fn all_beginnings() -> impl Iterator<Item = &'static (&'static str, Beginning, &'static str)> {
    let lists = [BEGINNINGS, AT_THE_DOORS, AT_RECEIVERS, BY_READING];
    lists.into_iter().flatten()
}

/// How an event of this kind may begin a story; `None` where it must name its cause.
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
