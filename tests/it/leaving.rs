//! Hosts that leave the pool, or are found at another place.

use crate::harness::{At, PATIENT, Pool, Reach, eventually};
use crate::joining::{join, token};
use crate::register::Register;
use xenith_datamodel::{Ref, Value};

/// A pool with a session at its coordinator, and another host of it.
struct Leaving {
    pool: Pool,
    at: At,
    victim: u8,
    host: Ref,
}

impl Leaving {
    async fn start() -> Leaving {
        let pool = Pool::start(3, &PATIENT).await;
        let at = pool.login().await;
        let victim = at.host % 3 + 1;
        let host = pool.host_refs().await[usize::from(victim) - 1].clone();
        Leaving { pool, at, victim, host }
    }

    async fn eject(&self) {
        self.at.ok("pool.eject", &[Value::Ref(self.host.clone())]).await;
    }

    /// The pool goes on without the host: no row, no member, no pin, and one of two hosts votes.
    async fn pool_has_two_hosts(&self) {
        let coordinator = self.at.host;
        assert_eq!(self.at.refs("host.get_all").await.len(), 2);
        eventually("the host is no member", async || {
            self.pool.metric(coordinator, "xenith_raft_members").await == Some(2)
        })
        .await;
        assert_eq!(self.pool.metric(coordinator, "xenith_raft_voters").await, Some(1));
        let uuid = self.pool.facts().hosts[usize::from(self.victim) - 1].uuid.clone();
        eventually("the host is not known to the link", async || {
            !members_file(&self.pool, coordinator).contains(&uuid)
        })
        .await;
        self.at.create_vm("without it").await;
    }

    async fn host_is_a_pool_of_one(&self) {
        eventually("the host is a pool of its own", async || {
            match self.pool.login_at(self.victim).await {
                Ok(at) => at.refs("host.get_all").await.len() == 1,
                Err(_) => false,
            }
        })
        .await;
    }

    /// As a blank host: nobody remembers what it was.
    async fn host_joins_again(&self) {
        let address = format!("127.0.0.{}:{}", self.at.host, self.pool.link_port);
        let said = join(&self.pool, self.victim, &address, &token(&self.pool, self.at.host));
        assert!(said.ok, "{}", said.text);
        eventually("three hosts vote", async || {
            self.pool.metric(self.at.host, "xenith_raft_voters").await == Some(3)
        })
        .await;
        assert_eq!(self.at.refs("host.get_all").await.len(), 3);
        self.pool.wait_caught_up(self.victim).await;
    }
}

/// The members as host `k` goes by at its next start.
fn members_file(reach: &Reach, k: u8) -> String {
    let path = reach.dir().join(format!("host-{k}/state/member/members.json"));
    std::fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ejected_host_leaves_and_joins_again() {
    let leaving = Leaving::start().await;
    let running = Register::start(&leaving.pool, 0).await;
    let register = running.register.clone();
    register.wait_for_more(20).await;
    leaving.eject().await;
    register.wait_for_more(20).await;
    leaving.pool_has_two_hosts().await;
    leaving.host_is_a_pool_of_one().await;
    leaving.host_joins_again().await;
    register.wait_for_more(20).await;
    running.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_ejected_while_it_is_down_leaves_when_it_is_back() {
    let mut leaving = Leaving::start().await;
    leaving.pool.kill_hard(leaving.victim).await;
    leaving.eject().await;
    leaving.pool_has_two_hosts().await;
    leaving.pool.begin_again(leaving.victim);
    leaving.host_is_a_pool_of_one().await;
    leaving.host_joins_again().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_found_at_its_new_address() {
    let mut leaving = Leaving::start().await;
    let (victim, coordinator) = (leaving.victim, leaving.at.host);
    leaving.pool.kill_hard(victim).await;
    let file = leaving.pool.dir().join(format!("host-{victim}/xenith.toml"));
    let config = std::fs::read_to_string(&file).unwrap();
    // Both the address that it listens on and the one it gives.
    let moved = config.replace(&format!("\"127.0.0.{victim}\""), &format!("\"127.0.1.{victim}\""));
    assert_ne!(config, moved);
    std::fs::write(&file, moved).unwrap();
    leaving.pool.begin_again(victim);
    let wanted = format!("127.0.1.{victim}:{}", leaving.pool.link_port);
    for k in (1..=3).filter(|k| *k != victim) {
        eventually("the new link address is known", async || {
            members_file(&leaving.pool, k).contains(&wanted)
        })
        .await;
    }
    eventually("clients are told the new address", async || {
        leaving
            .at
            .text("host.get_address", &[Value::Ref(leaving.host.clone())])
            .await
            == format!("127.0.1.{victim}")
    })
    .await;
    // Started again, each of the others finds it there.
    let other = 6 - victim - coordinator;
    leaving.pool.kill_hard(other).await;
    leaving.pool.start_again(other).await;
    leaving.at.create_vm("after").await;
    leaving.pool.wait_caught_up(other).await;
}
