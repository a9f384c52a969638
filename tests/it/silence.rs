//! A host that says nothing: nobody waits for it for ever, nothing is lost, and the others go on.

use crate::harness::{At, PATIENT, Pool, eventually};
use crate::life_cycle::{of, on, start, state, to};
use crate::machines::agree;
use std::time::Duration;
use xenith_datamodel::{Ref, Value};

/// A caller is told after thrice `silent_after_s`.
const LONG: Duration = Duration::from_secs(120);

async fn fails_for(at: &At, method: &str, params: &[Value], host: &Ref) {
    let refused = at.fails(method, params).await;
    assert_eq!(
        (&*refused.code, refused.params.as_slice()),
        ("CANNOT_CONTACT_HOST", &[host.as_str().to_owned()][..]),
        "{method}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_ever_for_a_silent_host() {
    let mut pool = Pool::start(3, &[&PATIENT[..], &["--config-set", "silent_after_s=10"]].concat()).await;
    let at = pool.login().await;
    let hosts = pool.host_refs().await;
    let victim = at.host % 3 + 1;
    let silent = hosts[usize::from(victim) - 1].clone();
    let here = hosts[usize::from(at.host) - 1].clone();
    let [stopped, paused, mover, fresh] = [
        at.create_vm("stopped").await,
        at.create_vm("paused").await,
        at.create_vm("mover").await,
        at.create_vm("fresh").await,
    ];
    at.ok("VM.start_on", &on(&stopped, &silent)).await;
    at.ok("VM.start_on", &on(&paused, &silent)).await;
    at.ok("VM.start_on", &on(&mover, &here)).await;
    pool.kill_hard(victim).await;

    // Asked before anybody could know: the caller is told, the work waits for the host.
    let at = at.with_deadline(LONG);
    fails_for(&at, "VM.hard_shutdown", &of(&stopped), &silent).await;
    assert_eq!(state(&at, &stopped).await, "Running");
    // Nothing new is asked of it.
    fails_for(&at, "VM.pause", &of(&paused), &silent).await;
    fails_for(&at, "VM.pool_migrate", &to(&mover, &silent), &silent).await;
    fails_for(&at, "VM.start_on", &on(&fresh, &silent), &silent).await;
    at.ok("VM.start", &start(&fresh)).await;
    assert_ne!(at.reference("VM.get_resident_on", &of(&fresh)).await, silent);

    pool.start_again(victim).await;
    agree(&pool, &at.session).await;
    assert_eq!(state(&at, &stopped).await, "Halted", "what was asked is done");
    assert_eq!(state(&at, &paused).await, "Running", "what was refused is not");
    eventually("the host is asked again", async || {
        at.call("VM.pause", &of(&paused)).await.is_ok()
    })
    .await;
    agree(&pool, &at.session).await;
}
