//! Disks that are full, emptied or turned back.

use crate::harness::{At, Outcome, Pool, Reach, eventually};
use crate::writers::{Writers, check};
use std::path::{Path, PathBuf};
use std::process::Command;
use xenith_datamodel::{Ref, Value};

/// Room for a store and a little more.
const DISK: &str = "size=24m";

/// A small file system, given back at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path) -> Option<SmallDisk> {
        std::fs::create_dir_all(path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", DISK, "tmpfs"])
            .arg(path)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| SmallDisk(path.to_owned()))
    }

    fn fill(&self) {
        let mut size = 1 << 20;
        let mut content = Vec::new();
        while size >= 1 {
            content.resize(content.len() + size, 0);
            if std::fs::write(self.0.join("filler"), &content).is_err() {
                content.truncate(content.len() - size);
                size /= 2;
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the daemon may still run.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disk_full() {
    let mut disks = Vec::new();
    let pool = Pool::start_with(3, &["--config-set", "raft.snapshot_every_entries=400"], |reach| {
        disks.extend((1..=3).filter_map(|k| SmallDisk::mount(&reach.dir().join(format!("host-{k}/state")))));
    })
    .await;
    if disks.len() < 3 {
        println!("SKIPPED disk_full: a small tmpfs cannot be mounted here (needs root)");
        return;
    }
    let at = pool.login().await;
    let session = at.session.clone();
    let writers = Writers::start(&pool, &at, 3).await;
    let disk = |k: u8| &disks[usize::from(k) - 1];
    let vm = at.create_vm("full").await;

    // A supporter's: the others go on.
    let supporter = at.host % 3 + 1;
    disk(supporter).fill();
    press(
        &pool,
        &session,
        &vm,
        "the supporter's store notices that its disk is full",
        async || condition(&pool, supporter).await != Some(0),
    )
    .await;
    writers.wait_for_more(300).await;
    disk(supporter).free();
    pool.wait_caught_up(supporter).await;
    eventually("the store is well again", async || {
        condition(&pool, supporter).await == Some(0)
    })
    .await;

    // The coordinator's: another one, or it says why; nothing that was acknowledged is lost.
    let old = pool.coordinator().await;
    disk(old).fill();
    press(&pool, &session, &vm, "a host that can write coordinates", async || {
        pool.coordinator().await != old
    })
    .await;
    writers.wait_for_more(300).await;
    disk(old).free();
    pool.wait_caught_up(old).await;
    eventually("the store is well again", async || {
        condition(&pool, old).await == Some(0)
    })
    .await;

    // All of them: no write is acknowledged, each is told why, and all heals.
    let ledgers = writers.stop().await;
    let at = pool.follow(&session).await;
    all_full(&pool, &at, &disks, &vm).await;
    let at = pool.follow(&session).await;
    assert_eq!(at.text("VM.get_name_description", &[Value::Ref(vm)]).await, "healed");
    check(&at, &ledgers).await;
    drop(pool);
}

/// Until a write is refused; then there is room again.
async fn all_full(pool: &Pool, at: &At, disks: &[SmallDisk], vm: &Ref) {
    disks.iter().for_each(SmallDisk::fill);
    let mut refused = None;
    for number in 0..2_000 {
        let params = [Value::Ref(vm.clone()), Value::text(format!("{number:0>50000}"))];
        match at.change("VM.set_name_description", &params).await {
            Outcome::Done => {}
            other => {
                refused = Some(other);
                break;
            }
        }
    }
    println!(
        "a write on full disks: {:?}",
        refused.expect("writes on full disks were acknowledged")
    );
    disks.iter().for_each(SmallDisk::free);
    eventually("the pool takes writes again", async || {
        let at = pool.login().await;
        let params = [Value::Ref(vm.clone()), Value::text("healed")];
        matches!(at.change("VM.set_name_description", &params).await, Outcome::Done)
    })
    .await;
}

/// Writes much until `holds`: a store has reserved more than the small writes of the others use up.
async fn press(pool: &Pool, session: &Ref, vm: &Ref, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut number = 0_u64;
    eventually(what, async || {
        for _ in 0..20 {
            number += 1;
            let params = [Value::Ref(vm.clone()), Value::text(format!("{number:0>10000}"))];
            // Whether it is made does not matter here.
            drop(
                pool.follow(session)
                    .await
                    .change("VM.set_name_description", &params)
                    .await,
            );
        }
        holds().await
    })
    .await;
}

async fn condition(reach: &Reach, k: u8) -> Option<u64> {
    reach.metric(k, "xenith_store_condition").await
}

fn store(reach: &Reach, k: u8) -> PathBuf {
    reach.dir().join(format!("host-{k}/state/member/store"))
}

fn copy_folder(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_behind_its_mark() {
    let mut pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    let session = at.session.clone();
    let victim = at.host % 3 + 1;
    let writers = Writers::start(&pool, &at, 2).await;
    writers.wait_for_more(20).await;
    pool.kill_hard(victim).await;
    let old = pool.dir().join("old-log");
    copy_folder(&store(&pool, victim).join("log"), &old);
    pool.start_again(victim).await;
    pool.wait_caught_up(victim).await;
    writers.wait_for_more(100).await;
    pool.wait_caught_up(victim).await;
    pool.kill_hard(victim).await;
    // The log of before, the mark of now: entries that were promised are gone.
    std::fs::remove_dir_all(store(&pool, victim).join("log")).unwrap();
    copy_folder(&old, &store(&pool, victim).join("log"));
    pool.start_again(victim).await;
    // Kept aside, and taken back by the pool as a new node that copies the log.
    let kept = std::fs::read_dir(pool.dir().join(format!("host-{victim}/state"))).unwrap();
    let kept: Vec<String> = kept
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        kept.iter().any(|name| name.starts_with("member.left")),
        "the store was not kept aside: {kept:?}"
    );
    pool.wait_caught_up(victim).await;
    eventually("its old node is no member any more", async || {
        pool.metric(victim, "xenith_raft_members").await == Some(3)
    })
    .await;
    writers.wait_for_more(100).await;
    let host = pool.host_refs().await[usize::from(victim) - 1].clone();
    pool.hand_over_to(victim, &host).await;
    let ledgers = writers.stop().await;
    let coordinator = pool.coordinator_of(&session, victim).await;
    check(&pool.at(coordinator, &session).await.unwrap(), &ledgers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wiped_store() {
    let mut pool = Pool::start(3, &[]).await;
    let at = pool.login().await;
    let session = at.session.clone();
    let victim = at.host % 3 + 1;
    let writers = Writers::start(&pool, &at, 2).await;
    writers.wait_for_more(20).await;
    pool.kill_hard(victim).await;
    std::fs::remove_dir_all(store(&pool, victim)).unwrap();
    writers.wait_for_more(50).await;
    // It must not answer as a blank pool: it comes back as another node of the same pool, with everything.
    pool.start_again(victim).await;
    let ledgers = writers.stop().await;
    pool.wait_caught_up(victim).await;
    let coordinator = pool.coordinator_of(&session, victim).await;
    let at = pool.at(coordinator, &session).await.unwrap();
    check(&at, &ledgers).await;
    assert_eq!(at.refs("host.get_all").await.len(), 3);
}
