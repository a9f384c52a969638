//! The audit log of real daemons, and that no log holds a secret.

use crate::harness::{LIVELY, PASSWORD, PATIENT, Pool, Reach, eventually, logs};
use crate::joining::token;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use xenith_client::Client;
use xenith_datamodel::{Ref, Value};

fn audit_file(reach: &Reach, k: u8) -> std::path::PathBuf {
    reach.dir().join(format!("host-{k}/state/audit.log"))
}

/// `GET /audit_log` of host `k`.
async fn fetched(reach: &Reach, k: u8, session: &Ref, since: &str) -> (u16, Vec<serde_json::Value>) {
    let client = Client::connect(reach.endpoint(k)).await.unwrap().with_deadline(LIVELY);
    let path = format!("/audit_log?session_id={session}&since={since}");
    let answer = client.get(&path).await.unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    (answer.status, lines.collect())
}

fn has(lines: &[serde_json::Value], message: &str, verdict: &str) -> bool {
    lines
        .iter()
        .any(|line| line["message"] == message && line["verdict"] == verdict)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_what_can_be_asked_of_each_host_and_survives_a_restart() {
    let mut pool = Pool::start(2, &PATIENT).await;
    let at = pool.login().await;
    let (session, k) = (at.session.clone(), at.host);
    let vm = at.create_vm("audited").await;
    at.fails("VM.unpause", &[Value::Ref(vm.clone())]).await;
    at.ok("VM.start", &[Value::Ref(vm.clone()), false.into(), false.into()])
        .await;
    let wrong = Client::connect(pool.endpoint(k)).await.unwrap();
    let words = ["root", "not the password", "1", "it"].map(Value::text);
    pool.secrets().add("not the password");
    assert!(wrong.call("session.login_with_password", &words).await.is_err());
    token(&pool, 2);

    let (status, lines) = fetched(&pool, k, &session, "").await;
    assert_eq!(status, 200);
    for (message, verdict) in [
        ("session.login_with_password", "allowed"),
        ("session.login_with_password", "denied"),
        ("VM.create", "allowed"),
        ("VM.start", "allowed"),
        ("VM.unpause", "failed"),
    ] {
        assert!(has(&lines, message, verdict), "{message} {verdict}: {lines:#?}");
    }
    let made = lines.iter().find(|line| line["message"] == "VM.create").unwrap();
    assert_eq!(
        (made["user"].as_str(), made["role"].as_str()),
        (Some("root"), Some("local-root"))
    );
    let objects = made["objects"].as_array().unwrap();
    assert!(objects.iter().any(|object| object["ref"] == vm.as_str()), "{made}");
    let (_, later) = fetched(&pool, k, &session, "2999-01-01").await;
    assert!(later.is_empty(), "{later:#?}");
    let other = if k == 1 { 2 } else { 1 };
    let (_, lines) = fetched(&pool, 2, &session, "").await;
    assert!(has(&lines, "token", "allowed"), "made at host 2: {lines:#?}");
    let (status, lines) = fetched(&pool, other, &Ref::new("OpaqueRef:nobody"), "").await;
    assert_eq!((status, lines.len()), (401, 0));
    let mode = std::fs::metadata(audit_file(&pool, k)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    pool.stop_all().await;
    let before = std::fs::read_to_string(audit_file(&pool, k)).unwrap();
    pool.start_all_again().await;
    pool.login().await;
    let after = std::fs::read_to_string(audit_file(&pool, k)).unwrap();
    assert!(after.starts_with(&before), "a restart goes on with the file");
}

/// The search that every pool of this binary ends with must be able to fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_in_a_log_is_found() {
    // Everything at debug level, the libraries' own words too.
    let pool = Pool::start(1, &["--config-set", "log.filter=debug"]).await;
    let at = pool.login().await;
    pool.secrets().session(&at.session);
    assert!(pool.secrets().count() >= 1);
    eventually("something is logged at debug level", async || {
        pool.log(1).contains("DEBUG")
    })
    .await;
    assert_eq!(pool.leaks(), Vec::<String>::new());
    let audit = audit_file(&pool, 1);
    assert!(logs(pool.dir()).contains(&audit), "the audit log is looked through");
    let bare = at.session.as_str().strip_prefix("OpaqueRef:").unwrap().to_owned();
    let joiner = token(&pool, 1);
    for planted in [&*bare, PASSWORD, &joiner, "-----BEGIN PRIVATE KEY-----"] {
        for log in [pool.dir().join("host-1/xenith.log"), audit.clone()] {
            let length = std::fs::metadata(&log).unwrap().len();
            let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
            writeln!(file, "planted by a test: {planted}.").unwrap();
            let found = pool.leaks();
            assert_eq!(found.len(), 1, "{planted} in {}: {found:?}", log.display());
            assert!(found[0].starts_with(&*log.to_string_lossy()), "{found:?}");
            file.set_len(length).unwrap();
        }
    }
}
