//! What is measured, as it is in the product: a log, keys and entities in their own directory, with customers
//! that record a consent with sealed evidence.

use actors::ActorSystem;
use domain::calling_plan::Basis;
use domain::customer::{CountrySource, CustomerCommand, Enrolment};
use domain::ids::{CommandId, CustomerId, InvalidId, ListId};
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestFacts, WritePriority};
use domain::time::Timestamp;
use futures_util::future::try_join_all;
use host::app::OpenDataDir;
use host::open_settings::OpenSettings;
use host::read_db_spec::ReadDbSpec;
use host::store_spec::StoreSpec;
use projections::ReadDb;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// The customers that are enrolled at the same time while an installation is prepared; their keys are made
/// durable in groups.
const ENROL_AT_ONCE: usize = 512;

/// A data directory with everything of the product except lines and views.
pub(crate) struct BenchInstallation {
    opened: OpenDataDir,
    system: ActorSystem,
    customers: Vec<CustomerId>,
    record_bytes: usize,
    asked: AtomicU64,
}

impl BenchInstallation {
    /// Opens a new directory and an empty log, and registers `customers_count` people.
    pub(crate) async fn open(
        directory: &Path,
        store: StoreSpec,
        customers_count: usize,
        runtime: Arc<Runtime>,
    ) -> Result<Self, Problem> {
        let opened = OpenDataDir::open(&OpenSettings {
            store,
            ..OpenSettings::of_directory(directory.to_owned())
        })
        .await?;
        let system = opened.entities(runtime);
        let vault = &opened.environment.vault;
        let customers = (0..customers_count).map(|number| vault.derive_customer(&number.to_string()));
        let mut workshop = Self {
            customers: customers.collect(),
            opened,
            system,
            record_bytes: 0,
            asked: AtomicU64::new(0),
        };
        workshop.enrol().await?;
        workshop.record_bytes = workshop.one_record().await?;
        Ok(workshop)
    }

    pub(crate) fn store(&self) -> &Arc<dyn EventStore> {
        &self.opened.environment.store
    }

    /// Fails if the log has events, or if its database could lose acknowledged events.
    pub(crate) async fn require_empty_log(&self) -> Result<(), Problem> {
        if self.store().head().await?.0 != 0 {
            return Err(Problem::refused(
                "bench-refused",
                "this database already contains a log: use a database that was created for the measurement",
            ));
        }
        if !self.store().capabilities().durable {
            return Err(Problem::refused(
                "bench-refused",
                "fsync, full_page_writes or synchronous_commit is off: nothing measured would be durable",
            ));
        }
        Ok(())
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.opened.environment.clock
    }

    /// Opens the read database of `spec`, without a check that its rows are of this log.
    pub(crate) async fn rows(&self, spec: &ReadDbSpec) -> Result<Arc<dyn ReadDb>, Problem> {
        Ok(self.opened.measured_rows(spec).await?)
    }

    pub(crate) fn tasks(&self) -> &dyn Tasks {
        self.opened.environment.tasks.as_ref()
    }

    /// Returns the bytes of the record that one call of `ask` stores.
    pub(crate) const fn record_bytes(&self) -> usize {
        self.record_bytes
    }

    /// Returns how many group commits made the last `count` events durable: the events of one have the same
    /// `recorded_at`.
    pub(crate) async fn commits_of_last(&self, count: usize) -> Result<usize, Problem> {
        let head = self.store().head().await?;
        let after = Position(head.0.saturating_sub(count as u64));
        let events = self.store().read_all(after, count).await?;
        let instants: BTreeSet<Timestamp> = events.iter().map(|event| event.recorded_at).collect();
        Ok(instants.len())
    }

    /// Returns the product's entities on this log.
    pub(crate) const fn system(&self) -> &ActorSystem {
        &self.system
    }

    /// Returns the opened directory, for further use. It could not be opened a second time, because its
    /// keys lack the customers of a made-up log.
    pub(crate) fn into_opened(self) -> OpenDataDir {
        self.opened
    }

    pub(crate) async fn close(&self) {
        self.opened.close().await;
    }

    async fn enrol(&self) -> Result<(), Problem> {
        for customers in self.customers.chunks(ENROL_AT_ONCE) {
            try_join_all(customers.iter().map(|customer| self.enrol_one(customer))).await?;
        }
        Ok(())
    }

    async fn enrol_one(&self, customer: &CustomerId) -> Result<(), Problem> {
        let campaign = "bench"
            .parse()
            .map_err(|error: InvalidId| Problem::fault(error.to_string()))?;
        let row = Enrolment {
            customer: customer.clone(),
            external_id: customer.as_str().to_owned(),
            number: self.opened.environment.vault.derive_number(customer.as_str()),
            phone: "+8613800138000".to_owned(),
            country: CountrySource::Written,
            further_phones: Vec::new(),
            name: None,
            time_zone: None,
            list: ListId::derive(&campaign, "bench"),
            campaign,
            basis: Basis::Contract,
            variables: std::collections::BTreeMap::new(),
            consent: None,
            same_number_as: None,
            best_times: None,
            preferred: Vec::new(),
            priority: None,
            dedupe: domain::calling_plan::DeduplicationScope::Campaign,
        };
        self.ask_customer(customer, CustomerCommand::Enrol(Box::new(row)))
            .await
    }

    /// Appends one event of the `index`-th customer: a consent given now, with its evidence sealed under the
    /// person's key.
    pub(crate) async fn ask(&self, index: usize) -> Result<(), Problem> {
        let Some(customer) = self.customers.get(index) else {
            return Err(Problem::fault("more producers than customers"));
        };
        // Each consent differs from the stored one, otherwise nothing would be written.
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let command = CustomerCommand::RecordConsent {
            scope: "service".to_owned(),
            source: "web".to_owned(),
            given_at: Timestamp::from_micros(i64::try_from(asked).unwrap_or(0)),
            until: None,
            evidence: Some("form 17".to_owned()),
        };
        self.ask_customer(customer, command).await
    }

    async fn ask_customer(&self, customer: &CustomerId, command: CustomerCommand) -> Result<(), Problem> {
        let environment = &self.opened.environment;
        let id = CommandId::new(environment.ids.uuid_v7(environment.clock.now()));
        let cause = Cause {
            command: id,
            causation: None,
            correlation: None::<Uuid>,
            by: None,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        };
        let asked = self.system.customers.ask(customer, command, cause).await;
        asked.map(drop).map_err(|error| Problem::fault(error.to_string()))
    }

    async fn one_record(&self) -> Result<usize, Problem> {
        if self.customers.is_empty() {
            return Ok(0);
        }
        self.ask(0).await?;
        let store = self.store();
        let head = store.head().await?;
        let last = store.read_all(Position(head.0.saturating_sub(1)), 1).await?;
        Ok(last.first().map_or(0, |event| event.record.len()))
    }
}
