//! A disk that fills up under the store, for real: the limit on file sizes.

use crate::{folder, identity, options};
use std::sync::mpsc;
use xenith_raft::store::{DurableLog, SledLog, StoreError, StoredEntry};

/// Set in the child process of [`a_full_disk_acknowledges_nothing_and_heals`].
const CHILD: &str = "XENITH_STORE_FULL_CHILD";

/// A limit on file sizes stands for the full disk; it holds for a process, hence the child.
#[test]
fn a_full_disk_acknowledges_nothing_and_heals() {
    if std::env::var_os(CHILD).is_some() {
        fill_the_disk();
        return;
    }
    let name = "full_disk::a_full_disk_acknowledges_nothing_and_heals";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}

fn limit_file_size(bytes: u64) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: plain calls on a local value; ignoring the signal makes the write fail with EFBIG instead.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

fn fill_the_disk() {
    let root = folder();
    let store = root.path().join("store");
    let log = SledLog::create(&store, &identity(), options()).unwrap();
    let append = |index| {
        let (sender, receiver) = mpsc::channel();
        let entry = StoredEntry {
            index,
            term: 1,
            leader: 1,
            bytes: vec![index as u8; 2_000].into(),
        };
        log.append(vec![entry], Box::new(move |result| sender.send(result).unwrap()));
        receiver.recv().unwrap()
    };
    limit_file_size(600 << 10);
    let written = (0..1_000).find(|index| append(*index).is_err()).expect("it fills up");
    assert!(written > 50, "only {written} fitted");
    assert!(matches!(append(written), Err(StoreError::Full(_))));
    assert_eq!(log.state().unwrap().last.unwrap().index, written - 1);
    limit_file_size(libc::RLIM_INFINITY);
    append(written).unwrap();
    drop(log);
    let log = SledLog::open(&store, options()).unwrap();
    assert_eq!(log.read(0..2_000, usize::MAX).unwrap().len() as u64, written + 1);
}
