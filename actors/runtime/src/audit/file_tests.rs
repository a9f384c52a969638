use super::*;

const SMALL: AuditLimits = AuditLimits {
    file_bytes: 200,
    old_files: 2,
};

fn line(number: i64) -> String {
    gap(number, number.unsigned_abs(), "a test")
}

async fn read(log: &AuditLog, since: &str) -> Vec<String> {
    let pieces: Vec<Vec<u8>> = log.since(since).await.unwrap().map(Result::unwrap).collect();
    let text = String::from_utf8(pieces.concat()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_was_told_is_read_from_a_moment_on_and_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let large = AuditLimits {
        file_bytes: 1 << 20,
        old_files: 2,
    };
    let log = AuditLog::open(&path, large).unwrap();
    for number in 0..2_000 {
        log.tell(line(number)).await;
    }
    let all: Vec<String> = (0..2_000).map(line).collect();
    assert_eq!(read(&log, "").await, all, "more than one piece");
    assert_eq!(read(&log, "1970-01-01T00:00:01.990").await, all[1_990..]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    log.flush().await;
    drop(log);
    // As a power loss leaves it.
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"time\":\"1970").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let log = AuditLog::open(&path, large).unwrap();
    log.tell(line(5_000)).await;
    assert_eq!(read(&log, "1970-01-01T00:00:02").await, [line(5_000)]);
    assert_eq!(read(&log, "").await.len(), 2_001, "the torn line is left out");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn old_files_are_few_and_small() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let log = AuditLog::open(&path, SMALL).unwrap();
    for number in 0..100 {
        log.tell(line(number)).await;
        log.flush().await;
    }
    let mut names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["audit.log", "audit.log.1", "audit.log.2"]);
    for name in &names {
        let metadata = std::fs::metadata(dir.path().join(name)).unwrap();
        assert!(metadata.len() < 300, "{name}: {}", metadata.len());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let kept = read(&log, "").await;
    let first = 100 - i64::try_from(kept.len()).unwrap();
    assert!((6..=12).contains(&kept.len()), "{}", kept.len());
    assert_eq!(
        kept,
        (first..100).map(line).collect::<Vec<_>>(),
        "oldest first, none twice"
    );
}

#[tokio::test]
async fn lines_that_could_not_be_written_are_counted_and_leave_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let log = AuditLog::open(&path, SMALL).unwrap();
    log.tell(line(1)).await;
    log.tell("x".repeat(300)).await;
    log.flush().await;
    // Setting the file aside fails: there are folders in the way.
    for name in ["audit.log.1", "audit.log.2"] {
        std::fs::create_dir_all(dir.path().join(name).join("full")).unwrap();
    }
    for number in 2..5 {
        log.tell(line(number)).await;
        log.flush().await;
    }
    assert_eq!(log.lost().get(), 3);
    for name in ["audit.log.1", "audit.log.2"] {
        std::fs::remove_dir_all(dir.path().join(name)).unwrap();
    }
    log.tell(line(5)).await;
    log.flush().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("\"missing\":3") && lines[1] == line(5), "{text}");
    assert_eq!(log.lost().get(), 3);
}

/// As with a disk that hangs: the thread takes no order any more.
#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_not_waited_for_for_ever() {
    let (queue, orders) = mpsc::channel(1);
    let log = AuditLog {
        queue,
        lost: Counter::default(),
    };
    log.flush().await;
    let read = log.since("").await.err().unwrap();
    assert_eq!(read.kind(), io::ErrorKind::TimedOut);
    // The queue is full of the first order.
    log.tell(line(1)).await;
    log.tell_now(line(2));
    assert_eq!(log.lost.get(), 2);
    drop(orders);
    assert_ne!(log.since("").await.err().unwrap().kind(), io::ErrorKind::TimedOut);
}
