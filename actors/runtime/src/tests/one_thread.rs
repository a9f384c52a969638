//! Daemons whose actors live on the test's thread, with clocks that go only when the test says so.

use super::operations::{Lab, slow, start};
use crate::OneThread;
use std::time::Duration;
use tokio::runtime::Builder;

/// Of virtual time; the start of a VM takes half of it.
const LONG: Duration = Duration::from_secs(3_600);

fn standing_still() -> OneThread {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    OneThread::new(runtime.unwrap())
}

#[test]
fn daemons_side_by_side_on_one_thread() {
    let threads = [standing_still(), standing_still()];
    let labs = threads.each_ref().map(|thread| {
        thread.block_on(async {
            let lab = Lab::new(slow(1_800_000));
            let (host, vm) = (lab.daemon_here(thread.here()), lab.vm());
            let session = host.login().await;
            let row = vm.clone();
            let started = tokio::spawn(async move { start(&host, &session, &row).await });
            (lab, vm, started)
        })
    });
    // In turn: each stands still while the other goes on.
    for _ in 0..LONG.as_secs() {
        for thread in &threads {
            thread.block_on(async { tokio::time::sleep(Duration::from_secs(1)).await });
        }
    }
    for (thread, (lab, vm, started)) in threads.iter().zip(labs) {
        assert!(started.is_finished());
        thread.block_on(started).unwrap().unwrap();
        assert_eq!(lab.field(&vm, "power_state").as_text(), Some("Running"));
        assert_eq!(lab.domains(), 1);
    }
}

#[test]
fn a_thread_that_is_dropped_takes_its_actors_with_it() {
    let thread = standing_still();
    let (lab, vm) = thread.block_on(async {
        let lab = Lab::new(slow(1_800_000));
        let (host, vm) = (lab.daemon_here(thread.here()), lab.vm());
        let (session, row) = (host.login().await, vm.clone());
        tokio::spawn(async move { start(&host, &session, &row).await });
        tokio::time::sleep(Duration::from_secs(60)).await;
        (lab, vm)
    });
    assert_eq!(lab.domains(), 1);
    drop(thread);
    // Nobody is left who holds the log: not the daemon, nor its actors.
    assert_eq!(lab.field(&vm, "power_state").as_text(), Some("Halted"));
    assert!(lab.is_alone());
}
