//! Logging of one visit to the customer page of the console: a single event names all reads of the page.
//!
//! The page sends the customer and an id that it generated with each of its requests (`X-Page-View`). The
//! first request that arrives stores the event, the others find it in the log. Each request is still
//! answered only after that event, and nothing is kept in memory: the event's id is derived from the
//! reader, the customer, the visit's id and the minute. A read that is not part of the page, concerns
//! another customer, or shows more is logged separately.

use super::read_log::{ReadContent, Reader};
use crate::access::Caller;
use crate::installation::Installation;
use domain::ids::CustomerId;
use domain::inquiry::{ReadForm, ReadPart};
use domain::permission::Permission;
use domain::problem::Problem;

/// The header that identifies a visit: our customer id, a dot, and an id that the page generates.
pub const PAGE_VIEW_HEADER: &str = "x-page-view";

/// Longest id of a visit, in bytes. A UUID has 36 characters.
const VIEW_BYTES_MAX: usize = 64;

/// One read of the customer page.
#[derive(Debug, Clone, Copy)]
pub struct PagePart {
    /// The route as the API description names it.
    route: &'static str,
    fields: &'static [&'static str],
    form: ReadForm,
    needs: Permission,
    /// True if the permission must cover all customers.
    is_of_all: bool,
}

impl PagePart {
    const fn new(
        route: &'static str,
        fields: &'static [&'static str],
        form: ReadForm,
        needs: Permission,
    ) -> Self {
        Self {
            route,
            fields,
            form,
            needs,
            is_of_all: false,
        }
    }

    const fn of_all(self) -> Self {
        Self {
            is_of_all: true,
            ..self
        }
    }

    /// Returns what the route shows, for the log entry.
    pub const fn shown(self) -> ReadContent {
        ReadContent::of(self.fields, self.form)
    }

    fn is_open_to(&self, caller: &Caller) -> bool {
        let scope = caller.scope_for(self.needs);
        scope.is_ok_and(|scope| !self.is_of_all || scope.is_all())
    }

    /// Returns true if a read is this part of the page: same route, fields and form, and nothing besides. A
    /// read that found nothing to show counts too.
    fn covers(&self, route: &str, shown: &ReadContent) -> bool {
        let is_form = shown.form == self.form || shown.form == ReadForm::Nothing;
        let is_alone = shown.columns.is_empty() && shown.calls.is_empty();
        is_form && is_alone && route == self.route && shown.fields.as_ref() == self.fields
    }

    fn recorded(&self) -> ReadPart {
        ReadPart {
            route: self.route.to_owned(),
            fields: self.fields.iter().map(|field| (*field).to_owned()).collect(),
            form: self.form,
        }
    }
}

/// The customer, masked, with enrolments and calls.
pub const PERSON: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}",
    &["external_id", "name", "phone", "enrolments", "calls"],
    ReadForm::Masked,
    Permission::CustomersRead,
);
/// The read of the customer's timeline.
pub const TIMELINE: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/timeline",
    &["timeline", "calls"],
    ReadForm::Clear,
    Permission::CustomersRead,
)
.of_all();
/// The read of the customer profile that was learned from calls.
pub const PORTRAIT: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/portrait",
    &["portrait"],
    ReadForm::Clear,
    Permission::CustomersRead,
)
.of_all();
/// The reasons why the customer may not be called.
pub const VERDICTS: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/why-not",
    &["enrolments", "verdicts", "calls"],
    ReadForm::Masked,
    Permission::CustomersRead,
);
/// The read of the customer's consents.
pub const CONSENTS: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/consents",
    &["consents"],
    ReadForm::Clear,
    Permission::CustomersRead,
);
/// The read of the customer's attributes and tags.
pub const ATTRIBUTES: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/attributes",
    &["attributes", "tags"],
    ReadForm::Clear,
    Permission::CustomersReveal,
);
/// Other ids that share a number with the customer.
pub const DUPLICATES: PagePart = PagePart::new(
    "GET /api/v1/customers/{id}/duplicates",
    &["phone"],
    ReadForm::Masked,
    Permission::CustomersReveal,
)
.of_all();
/// Opt-out, suppression and dials of a number; on the page, of the customer's own numbers.
pub const NUMBER: PagePart = PagePart::new(
    "GET /api/v1/numbers/{number}",
    &["opted_out", "suppressed", "invalid", "open_calls", "dials"],
    ReadForm::Clear,
    Permission::NumbersRead,
)
.of_all();

/// The route under which a visit is logged.
pub(super) const ROUTE: &str = PERSON.route;

/// All reads of the page.
const PARTS: [PagePart; 8] = [
    PERSON, TIMELINE, PORTRAIT, VERDICTS, CONSENTS, ATTRIBUTES, DUPLICATES, NUMBER,
];

/// A visit to one customer's page.
#[derive(Debug, Clone)]
pub(super) struct PageView {
    pub(super) customer: CustomerId,
    /// The visit's id as the page sent it. It is not stored.
    pub(super) view: String,
    /// The parts of the page that this caller may see.
    parts: Vec<PagePart>,
}

impl PageView {
    /// Parses the page-view header; `None` if it is malformed.
    pub(super) fn read(header: &str, caller: &Caller) -> Option<Self> {
        let (customer, view) = header.split_once('.')?;
        let is_view = (1..=VIEW_BYTES_MAX).contains(&view.len())
            && view
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let parts = PARTS.iter().filter(|part| part.is_open_to(caller));
        is_view.then_some(Self {
            customer: customer.parse().ok()?,
            view: view.to_owned(),
            parts: parts.copied().collect(),
        })
    }

    /// Returns true if the event of this page view covers a read: the read is a part of the page and about
    /// the page's own customer.
    pub(super) async fn covers(
        &self,
        installation: &Installation,
        reader: &Reader,
        shown: &ReadContent,
    ) -> Result<bool, Problem> {
        if !self.parts.iter().any(|part| part.covers(reader.route(), shown)) {
            return Ok(false);
        }
        let person = installation.entities.customers.state(&self.customer).await?.state;
        let is_own = match (&shown.customer, &shown.number) {
            (Some(customer), None) => *customer == self.customer,
            (None, Some(number)) => person.numbers().iter().any(|known| known.number == *number),
            (Some(_), Some(_)) | (None, None) => false,
        };
        // For an erased customer most parts show nothing. Each of these reads is logged separately.
        Ok(is_own && !person.erasure().is_final())
    }

    /// Returns the parts of the page that the event of the page view lists.
    pub(super) fn recorded(&self) -> Vec<ReadPart> {
        self.parts.iter().map(PagePart::recorded).collect()
    }
}
