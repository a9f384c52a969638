//! Joins that must not be: a clear error, and neither side has changed.

use crate::harness::{PATIENT, Pool, Reach};
use std::process::Command;
use xenith_datamodel::Value;

pub struct Said {
    pub ok: bool,
    pub text: String,
}

fn xenith(arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_xenith"))
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    Said {
        ok: output.status.success(),
        text: text.trim().to_owned(),
    }
}

fn config(reach: &Reach, k: u8) -> String {
    reach.dir().join(format!("host-{k}/xenith.toml")).display().to_string()
}

pub fn token(reach: &Reach, k: u8) -> String {
    let said = xenith(&["token", "--config", &config(reach, k)]);
    assert!(said.ok, "{}", said.text);
    reach.secrets().token(&said.text);
    said.text
}

/// Host `k` of `who` joins the pool at `address`.
pub fn join(who: &Reach, k: u8, address: &str, token: &str) -> Said {
    who.secrets().token(token);
    tokio::task::block_in_place(|| xenith(&["join", address, "--token", token, "--config", &config(who, k)]))
}

async fn refused(what: &str, said: Said, words: &[&str], sides: [(&Reach, usize); 2]) {
    assert!(!said.ok, "{what}: it joined: {}", said.text);
    println!("{what}: {}", said.text);
    assert!(
        words.iter().any(|word| said.text.contains(word)),
        "{what}: not a clear error: {}",
        said.text
    );
    for (reach, hosts) in sides {
        assert_eq!(
            reach.login().await.refs("host.get_all").await.len(),
            hosts,
            "{what}: a side has changed"
        );
    }
}

#[expect(clippy::too_many_lines, reason = "a list of cases")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_that_must_not_be() {
    let pool = Pool::start(2, &PATIENT).await;
    let (one, other) = (pool.start_beside().await, pool.start_beside().await);
    let address = format!("127.0.0.1:{}", pool.link_port);
    let sides = || [(&*pool, 2), (&*one, 1)];
    let good = token(&pool, 1);

    refused(
        "rubbish for a token",
        join(&one, 1, &address, "rubbish"),
        &["token"],
        sides(),
    )
    .await;
    let mut wrong = good.clone().into_bytes();
    // A character of the secret.
    wrong[6] = if wrong[6] == b'A' { b'B' } else { b'A' };
    let wrong = String::from_utf8(wrong).unwrap();
    refused(
        "a wrong token",
        join(&one, 1, &address, &wrong),
        &["token", "SESSION_AUTHENTICATION_FAILED"],
        sides(),
    )
    .await;
    let foreign = token(&other, 1);
    refused(
        "another pool's token",
        join(&one, 1, &address, &foreign),
        &["certificate"],
        sides(),
    )
    .await;
    let nobody = format!("127.0.0.1:{}", pool.link_port + 4_000);
    refused(
        "nobody there",
        join(&one, 1, &nobody, &good),
        &["refused", "connect"],
        sides(),
    )
    .await;
    let own = format!("127.0.0.1:{}", one.link_port);
    let own_token = token(&one, 1);
    refused(
        "its own pool",
        join(&one, 1, &own, &own_token),
        &["itself", "own", "already", "coordinator"],
        sides(),
    )
    .await;
    refused(
        "a member of a pool",
        join(&pool, 2, &own, &own_token),
        &[
            "member of a pool already",
            "JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS",
        ],
        sides(),
    )
    .await;

    let at = one.login().await;
    let vm = at.create_vm("in the way").await;
    refused(
        "a host that is not blank",
        join(&one, 1, &address, &good),
        &["blank", "JOINING_HOST_CANNOT_HAVE", "JOINING_HOST"],
        sides(),
    )
    .await;
    at.ok("VM.destroy", &[Value::Ref(vm)]).await;

    // None of these has used the token up.
    let said = join(&one, 1, &address, &good);
    assert!(said.ok, "{}", said.text);
    let hosts = pool.login().await.refs("host.get_all").await.len();
    assert_eq!(hosts, 3);
    let words = ["token", "SESSION_AUTHENTICATION_FAILED"];
    refused(
        "a used token",
        join(&other, 1, &address, &good),
        &words,
        [(&*pool, 3), (&*other, 1)],
    )
    .await;
}
