//! Typed calls to the hosts of a pool.

use super::{Facts, LIVELY, PASSWORD, Secrets, eventually, reference};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;
use xenith_client::{CallError, Client, Endpoint, Trust};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_wire::WireValue;

/// Where a pool's hosts are reached; host k listens on 127.0.0.k.
#[derive(Clone)]
pub struct Reach {
    pub hosts: u8,
    pub http_port: u16,
    pub tls_port: u16,
    pub link_port: u16,
    pub(super) dir: PathBuf,
    pub(super) secrets: Secrets,
}

/// One keep-alive connection to one host, with a session.
pub struct At {
    pub host: u8,
    pub session: Ref,
    client: Client,
}

/// What is known of a change after its call.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// The answer says that nothing was done.
    NotDone(ApiError),
    /// Never sent.
    Unreachable(String),
    /// It may have been done.
    Unknown(String),
}

impl Reach {
    pub fn facts(&self) -> Facts {
        self.try_facts().unwrap()
    }

    pub fn try_facts(&self) -> Option<Facts> {
        serde_json::from_slice(&std::fs::read(self.dir.join("pool.json")).ok()?).ok()
    }

    pub fn endpoint(&self, k: u8) -> Endpoint {
        Endpoint::Http {
            host: format!("127.0.0.{k}"),
            port: self.http_port,
        }
    }

    pub fn https(&self, k: u8) -> Endpoint {
        let trust = Trust::Ca(self.dir.join("ca.pem"));
        Endpoint::Https {
            host: format!("127.0.0.{k}"),
            port: self.tls_port,
            trust,
        }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What no log may hold.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Lines of logs that hold a secret.
    pub fn leaks(&self) -> Vec<String> {
        self.secrets.leaks(&self.dir)
    }

    /// What host `k` has logged.
    pub fn log(&self, k: u8) -> String {
        std::fs::read_to_string(self.dir.join(format!("host-{k}/xenith.log"))).unwrap_or_default()
    }

    /// A connection to host `k` that uses a session.
    pub async fn at(&self, k: u8, session: &Ref) -> Result<At, CallError> {
        self.secrets.session(session);
        let client = Client::connect(self.endpoint(k)).await?.with_deadline(LIVELY);
        Ok(At {
            host: k,
            session: session.clone(),
            client,
        })
    }

    /// A login at host `k`.
    pub async fn login_at(&self, k: u8) -> Result<At, CallError> {
        let client = Client::connect(self.endpoint(k)).await?.with_deadline(LIVELY);
        let params = ["root", PASSWORD, "2.23", "it"].map(Value::text);
        match client.call("session.login_with_password", &params).await? {
            Value::Ref(session) => {
                self.secrets.session(&session);
                Ok(At {
                    host: k,
                    session,
                    client,
                })
            }
            other => panic!("a login answered {other:?}"),
        }
    }

    /// A login at the coordinator, wherever it is.
    pub async fn login(&self) -> At {
        let until = Instant::now() + LIVELY;
        let mut last = String::new();
        while Instant::now() < until {
            for k in 1..=self.hosts {
                match tokio::time::timeout(Duration::from_secs(4), self.login_at(k)).await {
                    Ok(Ok(at)) => return at,
                    Ok(Err(error)) => last = format!("host {k}: {error}"),
                    Err(_) => last = format!("host {k}: no answer"),
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no host takes a login; the last said: {last}");
    }

    /// The host that takes logins now.
    pub async fn coordinator(&self) -> u8 {
        self.login().await.host
    }

    /// The host but `victim` that answers this session: a host that was wiped is a coordinator, of itself.
    pub async fn coordinator_of(&self, session: &Ref, victim: u8) -> u8 {
        let until = Instant::now() + LIVELY;
        loop {
            for k in (1..=self.hosts).filter(|k| *k != victim) {
                if let Ok(at) = self.at(k, session).await
                    && at.call("pool.get_all", &[]).await.is_ok()
                {
                    return k;
                }
            }
            assert!(Instant::now() < until, "no host but {victim} answers");
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// As [`Reach::coordinator`], without asking a host that stands still.
    pub async fn coordinator_but(&self, still: u8) -> u8 {
        let until = Instant::now() + LIVELY;
        loop {
            for k in (1..=self.hosts).filter(|k| *k != still) {
                if let Ok(at) = self.login_at(k).await {
                    return at.host;
                }
            }
            assert!(Instant::now() < until, "no host but {still} takes a login");
            tokio::time::sleep(super::LOOK_EVERY).await;
        }
    }

    /// The same session at the coordinator.
    pub async fn follow(&self, session: &Ref) -> At {
        let k = self.coordinator().await;
        self.at(k, session).await.unwrap()
    }

    /// A blank VM, made at whoever coordinates when it is made.
    pub async fn create_vm(&self, session: &Ref, name: &str) -> Ref {
        let until = Instant::now() + LIVELY;
        loop {
            let at = self.follow(session).await;
            match at.call("VM.create", &[vm_record(name)]).await {
                Ok(value) => return value.as_ref().cloned().unwrap(),
                Err(error) => assert!(Instant::now() < until, "VM.create: {}", chain(&error)),
            }
        }
    }

    /// A figure of host `k`'s `/metrics`.
    pub async fn metric(&self, k: u8, name: &str) -> Option<u64> {
        let client = Client::connect(self.endpoint(k)).await.ok()?;
        let text = client.get("/metrics").await.ok()?.body;
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))?;
        line.trim().parse().ok()
    }

    /// Until host `k` has applied all that the coordinator has.
    pub async fn wait_caught_up(&self, k: u8) {
        let coordinator = self.coordinator().await;
        let wanted = self.metric(coordinator, "xenith_raft_applied_index").await.unwrap();
        eventually(&format!("host {k} has caught up to {wanted}"), async || {
            self.metric(k, "xenith_raft_applied_index")
                .await
                .is_some_and(|applied| applied >= wanted)
        })
        .await;
    }

    /// The refs of the hosts, in the order of their numbers.
    pub async fn host_refs(&self) -> Vec<Ref> {
        let at = self.login().await;
        let mut refs = Vec::new();
        for host in self.facts().hosts {
            refs.push(at.reference("host.get_by_uuid", &[Value::text(host.uuid)]).await);
        }
        refs
    }

    /// Has host `k` made coordinator, waiting for it to be ready for that.
    pub async fn hand_over_to(&self, k: u8, host: &Ref) {
        eventually(&format!("host {k} coordinates"), async || {
            let at = self.login().await;
            at.host == k || {
                let asked = at.call("pool.designate_new_master", &[Value::Ref(host.clone())]).await;
                asked.is_ok() && self.coordinator().await == k
            }
        })
        .await;
    }
}

impl At {
    pub fn with_deadline(mut self, deadline: Duration) -> At {
        self.client = self.client.with_deadline(deadline);
        self
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    fn params(&self, params: &[Value]) -> Vec<Value> {
        std::iter::once(Value::Ref(self.session.clone()))
            .chain(params.iter().cloned())
            .collect()
    }

    pub async fn call(&self, method: &str, params: &[Value]) -> Result<Value, CallError> {
        self.client.call(method, &self.params(params)).await
    }

    pub async fn wire(&self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        self.client.call_wire(method, &self.params(params)).await
    }

    /// A call that must succeed.
    pub async fn ok(&self, method: &str, params: &[Value]) -> Value {
        match self.call(method, params).await {
            Ok(value) => value,
            Err(error) => panic!("{method} at host {}: {}", self.host, chain(&error)),
        }
    }

    pub async fn reference(&self, method: &str, params: &[Value]) -> Ref {
        self.ok(method, params).await.as_ref().cloned().unwrap()
    }

    pub async fn text(&self, method: &str, params: &[Value]) -> String {
        self.ok(method, params).await.as_text().unwrap().to_owned()
    }

    pub async fn refs(&self, method: &str) -> Vec<Ref> {
        let all = self.ok(method, &[]).await;
        all.as_set()
            .unwrap()
            .iter()
            .filter_map(Value::as_ref)
            .cloned()
            .collect()
    }

    /// The error code of a call that must fail.
    pub async fn fails(&self, method: &str, params: &[Value]) -> ApiError {
        match self.call(method, params).await {
            Err(CallError::Api(error)) => error,
            other => panic!("{method} should have failed: {other:?}"),
        }
    }

    pub async fn change(&self, method: &str, params: &[Value]) -> Outcome {
        outcome(self.call(method, params).await)
    }

    /// event.from, as it stands on the wire.
    pub async fn events(&self, classes: &[&str], token: &str, seconds: f64) -> Result<WireValue, CallError> {
        let classes = Value::set(classes.iter().map(Value::text));
        self.wire("event.from", &[classes, Value::text(token), Value::Float(seconds)])
            .await
    }

    /// A blank VM.
    pub async fn create_vm(&self, name: &str) -> Ref {
        self.reference("VM.create", &[vm_record(name)]).await
    }

    pub async fn other_config(&self, vm: &Ref) -> Vec<(String, String)> {
        let map = self.ok("VM.get_other_config", &[Value::Ref(vm.clone())]).await;
        let text = |value: &Value| value.as_text().unwrap().to_owned();
        map.as_map()
            .unwrap()
            .iter()
            .map(|(key, value)| (text(key), text(value)))
            .collect()
    }
}

pub fn outcome(result: Result<Value, CallError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(CallError::Api(error)) => match &*error.code {
            // INTERNAL_ERROR says "not known", among other things.
            "INTERNAL_ERROR" => Outcome::Unknown(error.to_string()),
            _ => Outcome::NotDone(error),
        },
        Err(error @ CallError::Connect { .. }) => Outcome::Unreachable(chain(&error)),
        Err(other) => Outcome::Unknown(chain(&other)),
    }
}

/// The error with its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn vm_record(name: &str) -> Value {
    let text = |name: &'static str, value: &str| (name, Value::text(value));
    let int = |name: &'static str, value: i64| (name, Value::Int(value));
    let empty = |name: &'static str| (name, Value::map([]));
    let memory = 128 << 20;
    Value::record([
        text("name_label", name),
        text("name_description", ""),
        int("user_version", 1),
        ("is_a_template", Value::Bool(false)),
        ("affinity", Value::Ref(reference("OpaqueRef:NULL"))),
        int("memory_static_max", memory),
        int("memory_dynamic_max", memory),
        int("memory_dynamic_min", memory),
        int("memory_static_min", memory / 2),
        empty("VCPUs_params"),
        int("VCPUs_max", 1),
        int("VCPUs_at_startup", 1),
        text("actions_after_shutdown", "destroy"),
        text("actions_after_reboot", "restart"),
        text("actions_after_crash", "restart"),
        text("PV_bootloader", ""),
        text("PV_kernel", ""),
        text("PV_ramdisk", ""),
        text("PV_args", ""),
        text("PV_bootloader_args", ""),
        text("PV_legacy_args", ""),
        text("HVM_boot_policy", "BIOS order"),
        ("HVM_boot_params", Value::text_map([("order", "cd")])),
        empty("platform"),
        text("PCI_bus", ""),
        empty("other_config"),
        text("recommendations", ""),
        text("ha_restart_priority", ""),
    ])
}
