//! Invitations and joins.

use super::*;
use crate::membership::{HostStart, JOIN_VERSION, JoinPool, JoinReply, JoinRequest, JoinToken, Proof, join_error};
use xenith_link::Refusal;
use xenith_xen_port::HostFacts;

const JOINER: &str = "44444444-4444-4444-4444-444444444444";

fn facts() -> HostFacts {
    HostFacts {
        hostname: "joiner".to_owned(),
        memory_total_bytes: 1 << 30,
        memory_free_bytes: 1 << 29,
        memory_overhead_bytes: 0,
        control_domain_memory_bytes: 1 << 28,
        cpus: Vec::new(),
        sockets: 1,
        nics: Vec::new(),
        bios_strings: Vec::new(),
        boot_time_unix_seconds: 0,
        boot_id: "boot".to_owned(),
        xen_version: String::new(),
        kernel_version: String::new(),
        iscsi_iqn: String::new(),
        storage: Vec::new(),
    }
}

fn request(proof: Proof) -> Bytes {
    request_as(42, proof)
}

fn request_as(node: u128, proof: Proof) -> Bytes {
    let request = JoinRequest {
        certificate: None,
        https_only: false,
        version: JOIN_VERSION,
        proof,
        host_uuid: JOINER.to_owned(),
        node: format!("{node:032x}"),
        link_address: "127.0.0.2:8444".to_owned(),
        address: "127.0.0.2".to_owned(),
        facts: facts(),
    };
    Bytes::from(serde_json::to_vec(&request).unwrap())
}

async fn token(host: &Host) -> JoinToken {
    let reply = host
        .toolstack
        .admin("token", b"{\"expires_s\":60}".to_vec())
        .await
        .unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap();
    JoinToken::parse(reply["token"].as_str().unwrap()).unwrap()
}

fn with(token: &JoinToken) -> Proof {
    Proof::Token {
        secret: token.secret_hex(),
    }
}

fn denied(result: Result<Bytes, Refusal>) -> String {
    match result {
        Err(Refusal::Denied(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_lets_in_one_host_once() {
    let host = host();
    let token = token(&host).await;
    assert_eq!(token.fingerprint, [3; 32]);
    let reply = host
        .toolstack
        .join(b"certificate".to_vec(), request(with(&token)))
        .await
        .unwrap();
    let reply: JoinReply = serde_json::from_slice(&reply).unwrap();
    assert_eq!(
        (reply.pool_uuid.as_str(), reply.incarnation),
        ("22222222-2222-2222-2222-222222222222", 5)
    );
    assert_eq!(reply.members.len(), 1);
    assert_eq!(
        (reply.members[0].node, reply.members[0].host_uuid.as_str()),
        (NodeId(42), JOINER)
    );
    assert!(host.log.applied().by_uuid(class("host").unwrap(), JOINER).is_some());
    // The same host again: its first answer may have been lost.
    assert!(
        host.toolstack
            .join(b"certificate".to_vec(), request(with(&token)))
            .await
            .is_ok()
    );
    assert_eq!(host.membership.members().len(), 1);
    let other = host
        .toolstack
        .join(b"other".to_vec(), request_as(43, with(&token)))
        .await;
    assert!(denied(other).contains("join token"));
}

#[tokio::test]
async fn no_proof_no_entry_and_nothing_is_changed() {
    let host = host();
    let before = host.log.applied().generation();
    let guess = JoinToken {
        secret: [0; 16],
        fingerprint: [0; 32],
    };
    assert!(denied(host.toolstack.join(Vec::new(), request(with(&guess))).await).contains("join token"));
    let password = |password: &str| Proof::Password {
        user: "root".to_owned(),
        password: password.to_owned(),
    };
    let wrong = host.toolstack.join(Vec::new(), request(password("bad"))).await;
    assert!(denied(wrong).contains("SESSION_AUTHENTICATION_FAILED"));
    assert!(denied(host.toolstack.join(Vec::new(), Bytes::from_static(b"{")).await).contains("INVALID_VALUE"));
    assert_eq!(host.log.applied().generation(), before);
    assert!(host.toolstack.join(Vec::new(), request(password("x"))).await.is_ok());
}

#[tokio::test]
async fn a_node_id_that_is_nobodys_or_anothers_is_refused() {
    let host = host();
    let first = request_as(42, with(&token(&host).await));
    host.toolstack.join(Vec::new(), first).await.unwrap();
    // Another certificate: another host, whatever it says.
    for node in [0, 42] {
        let request = request_as(node, with(&token(&host).await));
        let refusal = denied(host.toolstack.join(vec![1], request).await);
        assert!(refusal.contains("INVALID_VALUE"), "{refusal}");
    }
    assert_eq!(host.membership.members().len(), 1);
}

#[tokio::test]
async fn a_token_ends() {
    let host = host();
    let token = token(&host).await;
    host.clock.0.fetch_add(61_000, Ordering::SeqCst);
    assert!(denied(host.toolstack.join(Vec::new(), request(with(&token))).await).contains("join token"));
    for body in ["{\"expires_s\":0}", "{\"expires_s\":99999999}", "{\"x\":1}"] {
        assert_eq!(
            host.toolstack.admin("token", body.into()).await.unwrap_err().code,
            "INVALID_VALUE"
        );
    }
}

#[tokio::test]
async fn a_supporter_passes_joins_and_invitations_on() {
    let (coordinator, supporter) = (host(), host());
    supporter.peers.add(NodeId(7), Arc::clone(&coordinator.toolstack));
    supporter.set_supporter(NodeId(7));
    let token = token(&supporter).await;
    supporter
        .toolstack
        .join(Vec::new(), request(with(&token)))
        .await
        .unwrap();
    assert_eq!(coordinator.membership.members().len(), 1);
}

fn count(host: &Host, class_name: &str) -> usize {
    host.log.applied().count(class(class_name).unwrap())
}

#[tokio::test]
async fn a_member_that_lost_its_store_comes_back_as_a_new_node_of_the_same_host() {
    let host = host();
    let token = token(&host).await;
    let join = |node, proof, certificate: &str| host.toolstack.join(certificate.into(), request_as(node, proof));
    join(42, with(&token), "certificate").await.unwrap();
    let (hosts, metrics) = (count(&host, "host"), count(&host, "host_metrics"));
    for stranger in [
        join(43, Proof::Member, "other").await,
        join(43, with(&token), "other").await,
    ] {
        assert!(denied(stranger).contains("SESSION_AUTHENTICATION_FAILED"));
    }
    for _ in 0..2 {
        let reply = join(43, Proof::Member, "certificate").await.unwrap();
        let reply: JoinReply = serde_json::from_slice(&reply).unwrap();
        let nodes: Vec<_> = reply.members.iter().map(|member| member.node).collect();
        assert!(nodes.contains(&NodeId(43)), "{nodes:?}");
        assert_eq!((count(&host, "host"), count(&host, "host_metrics")), (hosts, metrics));
        assert_eq!(count(&host, "xenith_member"), 1);
    }
}

#[tokio::test]
async fn a_start_changes_only_what_changed_and_a_member_speaks_for_itself() {
    let (coordinator, supporter) = (host(), host());
    let token = token(&coordinator).await;
    coordinator
        .toolstack
        // The node that the tests' peers speak for.
        .join(b"certificate".to_vec(), request_as(99, with(&token)))
        .await
        .unwrap();
    supporter.peers.add(NodeId(7), Arc::clone(&coordinator.toolstack));
    supporter.set_supporter(NodeId(7));
    let mut start = HostStart {
        certificate: None,
        https_only: false,
        member: coordinator.membership.members()[0].clone(),
        address: "127.0.0.2".to_owned(),
        facts: facts(),
    };
    let before = coordinator.log.applied().generation();
    supporter.toolstack.host_started(&start).await.unwrap();
    assert_eq!(coordinator.log.applied().generation(), before);
    start.facts.memory_total_bytes += 1;
    supporter.toolstack.host_started(&start).await.unwrap();
    assert!(coordinator.log.applied().generation() > before);
    start.member.link_address = "127.0.0.9:4443".to_owned();
    supporter.toolstack.host_started(&start).await.unwrap();
    assert!(
        coordinator.membership.members().contains(&start.member),
        "the new address is not taken over"
    );
    start.member.host_uuid = HOST_UUID.to_owned();
    let error = supporter.toolstack.host_started(&start).await.unwrap_err();
    assert_eq!(error.code, "INVALID_VALUE");
}

struct Refuses(Mutex<Vec<String>>);

#[async_trait]
impl JoinPool for Refuses {
    async fn join_by_password(&self, address: &str, user: &str, _password: &str) -> Result<(), ApiError> {
        self.0.lock().unwrap().push(format!("{user}@{address}"));
        if user == "root" {
            return Ok(());
        }
        Err(join_error("[\"SESSION_AUTHENTICATION_FAILED\",\"x\",\"y\"]"))
    }
}

#[tokio::test]
async fn pool_join_is_done_by_the_daemon_and_its_error_is_the_pools() {
    let host = host();
    let session = host.login().await;
    let join = |name: &'static str, user: &'static str| {
        let (host, session) = (&host, session.clone());
        async move { host.asks(name, &[&session, "192.0.2.7", user, "secret"]).await }
    };
    assert_eq!(code(join("pool.join", "root").await), "NOT_IMPLEMENTED");
    let joiner = Arc::new(Refuses(Mutex::default()));
    host.toolstack.serve_pool_join(joiner.clone());
    assert_eq!(join("pool.join", "root").await, Ok(Value::Void));
    assert_eq!(
        code(join("pool.join_force", "eve").await),
        "SESSION_AUTHENTICATION_FAILED"
    );
    assert!(join("Async.pool.join", "root").await.unwrap().as_ref().is_some());
    tokio::task::yield_now().await;
    assert_eq!(joiner.0.lock().unwrap()[..2], ["root@192.0.2.7", "eve@192.0.2.7"]);
}
