//! Entities on two arbiter threads that share one runtime, asked from any thread.

use crate::error::AskError;
use crate::hosting::{EntityRuntime, Hosting};
use crate::supervisor::Supervisor;
use crate::system::Entities;
use crate::testing::counter::{Counter, CounterCommand, cause};
use crate::testing::{FakeClock, Fakes};
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Runs a test on two arbiters. Afterwards no task runs any more.
fn on_arbiters(test: impl AsyncFnOnce(Entities<Counter>, &Fakes)) {
    let runtime = Arc::new(Runtime::new().unwrap());
    let mut fakes = Fakes::new();
    let tasks: Arc<dyn Tasks> =
        Supervisor::new(runtime.handle().clone(), Arc::<FakeClock>::clone(&fakes.clock));
    fakes.environment.tasks = Arc::clone(&tasks);
    let place = EntityRuntime::Arbiters {
        runtime: Arc::clone(&runtime),
        count: 2,
    };
    let hosting = Hosting::start(place, &tasks);
    runtime.block_on(async {
        test(Entities::start(&fakes.environment, &hosting), &fakes).await;
        tasks.stop().await;
        assert_eq!(tasks.alive_count(), 0);
    });
}

#[test]
fn arbiters_share_one_runtime_and_answer_from_any_thread() {
    on_arbiters(async |entities, _fakes| {
        for id in ["a", "b", "c"] {
            let answer = entities
                .ask(&id.to_owned(), CounterCommand::Add(2), cause(id))
                .await
                .unwrap();
            assert_eq!(answer.state.total, 2);
        }
    });
}

#[test]
fn many_threads_that_ask_the_same_entities_and_go_away_leave_each_command_stored_once() {
    const ASKERS: usize = 8;
    const ASKS_EACH: usize = 120;
    on_arbiters(async |entities, fakes| {
        let (done, mut ended) = tokio::sync::mpsc::channel(ASKERS);
        for asker in 0..ASKERS {
            let (entities, store, done) = (entities.clone(), Arc::clone(&fakes.store), done.clone());
            let ask = async move {
                let mut begun = 0;
                for number in 0..ASKS_EACH {
                    // Some wait for the store, so that their callers leave in the middle of a request.
                    match number % 5 {
                        0 => store.hold_appends(),
                        _ => store.release_appends(),
                    }
                    let id = format!("{}", number % 3);
                    let asked =
                        entities.ask(&id, CounterCommand::Add(1), cause(&format!("{asker} {number}")));
                    tokio::select! {
                        biased;
                        answer = asked => match answer {
                            Ok(_) => begun += 1,
                            Err(error) => assert_eq!(error, AskError::Busy),
                        },
                        () = tokio::task::yield_now() => begun += 1,
                    }
                    store.release_appends();
                }
                assert!(done.send(begun).await.is_ok());
            };
            fakes.environment.tasks.spawn("asker", Box::pin(ask));
        }
        drop(done);
        let mut begun = 0;
        for _ in 0..ASKERS {
            begun += ended.recv().await.unwrap();
        }
        fakes.store.release_appends();
        // Each entity answers after all requests that were begun there.
        let mut total = 0;
        for id in ["0", "1", "2"] {
            let loaded = loop {
                match entities.state(&id.to_owned()).await {
                    Err(AskError::Busy) => tokio::task::yield_now().await,
                    loaded => break loaded.unwrap(),
                }
            };
            total += loaded.state.total;
        }
        assert_eq!(fakes.store.kinds().len(), begun);
        assert_eq!(total, begun as u64);
    });
}
