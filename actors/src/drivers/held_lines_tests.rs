//! Drivers of one realm do not start on a log of the other.

use super::{DriverPorts, Drivers};
use crate::error::StartError;
use crate::testing::line::FakeLine;
use crate::testing::on_one_thread;
use crate::testing::test_system::TestSystem;
use domain::ports::line::DialOrder;
use domain::realm::Sandbox;

#[test]
fn drivers_of_the_sandbox_do_not_start_on_a_log_of_the_real_realm() {
    on_one_thread(async {
        let line = FakeLine::new("line", Box::new(|_: &DialOrder| Vec::new()));
        let world = TestSystem::new(vec![line]);
        let real = world.ports();
        let ports = DriverPorts::<Sandbox> {
            worklist: real.worklist,
            lines: Vec::new(),
            synthesizer: real.synthesizer,
            hearing: None,
            recordings: real.recordings,
            agents: None,
        };
        let environment = world.fakes.environment.clone();
        let started = Drivers::start(world.system.clone(), environment, ports).await;
        assert_eq!(started.err(), Some(StartError::OtherRealm));
    });
}
